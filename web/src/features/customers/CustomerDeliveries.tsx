import { Stack } from '@mantine/core';
import { $api } from '../../api/client';
import { useText } from '../../i18n/text';
import { Answered, Card, Empty } from '../../ui/basics';
import { DeliveryTable } from '../webhooks/DeliveryTable';

const LIMIT = 20;

/** What was sent about a customer, webhook by webhook. */
export function CustomerDeliveries({ id }: { id: number }) {
  const t = useText();
  const webhooks = $api.useQuery('get', '/api/v1/webhooks');
  return (
    <Answered query={webhooks}>
      {({ items }) => (
        <Stack gap="md">
          {items.length === 0 && <Card><Empty title={t('webhooks.empty')} /></Card>}
          {items.map((one) => <OfWebhook key={one.id} customerId={id} webhookId={one.id} title={one.description || one.url} />)}
        </Stack>
      )}
    </Answered>
  );
}

function OfWebhook({ customerId, webhookId, title }: { customerId: number; webhookId: number; title: string }) {
  const t = useText();
  const deliveries = $api.useQuery('get', '/api/v1/webhooks/{endpoint_id}/deliveries', {
    params: { path: { endpoint_id: webhookId }, query: { customerId, limit: LIMIT } },
  });
  return (
    <Card title={title} flush>
      <Answered query={deliveries} height={120}>
        {({ items }) => (items.length === 0 ? <Empty title={t('deliveries.none')} /> : <DeliveryTable webhookId={webhookId} deliveries={items} caption={title} />)}
      </Answered>
    </Card>
  );
}
