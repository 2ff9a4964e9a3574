import { Alert, Button, Group, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconKey, IconPlayerPause, IconPlayerPlay, IconRefresh, IconSend } from '../../ui/icons';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { $api, api } from '../../api/client';
import { useMay } from '../../app/session';
import { useText } from '../../i18n/text';
import { Answered, Card, CopyText, Empty, Facts, Figure, Problem, Status } from '../../ui/basics';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';
import { DeliveryTable } from './DeliveryTable';
import { stateOfWebhook, successOf, type Webhook } from './WebhooksPage';

const LIMIT = 50;
const LIVE_MS = 5_000;
const STATES = ['all', 'PENDING', 'DELIVERED', 'DEAD'] as const;

/** One receiver: how it does, its deliveries, its settings. */
export function WebhookPage() {
  const t = useText();
  const { webhookId } = useParams({ strict: false }) as { webhookId: string };
  const webhook = $api.useQuery('get', '/api/v1/webhooks/{endpoint_id}', { params: { path: { endpoint_id: Number(webhookId) } } }, { refetchInterval: LIVE_MS });
  const crumbs = [{ title: t('nav.webhooks'), to: '/webhooks' }];
  if (webhook.isError) return <Page title={webhookId} crumbs={crumbs}><Problem error={webhook.error} /></Page>;
  return <Answered query={webhook} height={480}>{(one) => <Detail webhook={one} />}</Answered>;
}

function Detail({ webhook }: { webhook: Webhook }) {
  const t = useText();
  const intl = useIntl();
  const share = successOf(webhook);
  return (
    <Page
      title={webhook.description || webhook.url}
      about={<Group gap="xs"><Status state={stateOfWebhook(webhook)} /> <span style={{ overflowWrap: 'anywhere' }}>{webhook.url}</span></Group>}
      crumbs={[{ title: t('nav.webhooks'), to: '/webhooks' }]}
      actions={<Actions webhook={webhook} />}
    >
      {webhook.failingSince && (
        <Alert color="red" variant="default" role="alert" icon={<IconAlertTriangle />} title={t('webhook.failing', { count: webhook.failures })}>
          {t('webhook.since')} <TimeText at={webhook.failingSince} precision="second" />.{' '}
          {webhook.circuitOpenUntil && <>{t('webhook.nextTry')} <TimeText at={webhook.circuitOpenUntil} precision="second" />.</>} {webhook.disabledReason}
        </Alert>
      )}
      <div className="figures-row">
        <Figure label={t('webhooks.success')}>{share === null ? '–' : intl.formatNumber(share, { style: 'percent', maximumFractionDigits: 1 })}</Figure>
        <Figure label={t('webhook.delivered')}>{intl.formatNumber(webhook.delivered)}</Figure>
        <Figure label={t('webhooks.waiting')}>{intl.formatNumber(webhook.pending)}</Figure>
        <Figure label={t('webhooks.dead')}>{intl.formatNumber(webhook.dead)}</Figure>
      </div>
      <Deliveries webhook={webhook} />
      <Card title={t('webhook.settings')}>
        <Facts
          rows={[
            ['fact.id', <CopyText value={String(webhook.id)} key="id" />],
            ['fact.types', webhook.types.join(', ')],
            ['fact.style', `${webhook.style} · ${webhook.envelope}`],
            ['fact.schedule', webhook.schedule.map((seconds) => t('webhook.seconds', { seconds })).join(', ')],
            ['fact.timeLimit', t('webhook.seconds', { seconds: webhook.timeLimit })],
            ['fact.rate', webhook.rate ?? t('webhook.noRate')],
            ['fact.headers', Object.keys(webhook.headers).join(', ')],
            ['fact.created', <TimeText at={webhook.createdAt} key="created" />],
          ]}
        />
      </Card>
    </Page>
  );
}

function Deliveries({ webhook }: { webhook: Webhook }) {
  const t = useText();
  const may = useMay();
  const navigate = useNavigate();
  const client = useQueryClient();
  const search = useSearch({ strict: false }) as { state?: string; type?: string };
  const [cursor, setCursor] = useState('');
  const query = { limit: LIMIT, cursor, ...(search.state ? { state: search.state } : {}), ...(search.type ? { messageType: search.type } : {}) };
  const deliveries = $api.useQuery(
    'get', '/api/v1/webhooks/{endpoint_id}/deliveries',
    { params: { path: { endpoint_id: webhook.id }, query } },
    { refetchInterval: LIVE_MS },
  );
  const change = (changes: Record<string, string | undefined>) => {
    setCursor('');
    void navigate({ to: `/webhooks/${webhook.id}`, search: { ...search, ...changes }, replace: true });
  };
  const resendDead = async () => {
    const { data } = await api.POST('/api/v1/webhooks/{endpoint_id}/recover', {
      params: { path: { endpoint_id: webhook.id } },
      body: { since: '2000-01-01T00:00:00Z', states: ['DEAD'] },
    });
    notifications.show({ message: t('webhook.resent', { count: data?.again ?? 0 }) });
    await client.invalidateQueries();
  };
  return (
    <Card title={t('customer.deliveries')} flush action={may('webhooks:write') && webhook.dead > 0 && <Button size="xs" variant="default" leftSection={<IconRefresh size={15} />} onClick={() => void resendDead()}>{t('webhook.resendDead', { count: webhook.dead })}</Button>}>
      <Group p="sm" gap="sm">
        <SegmentedControl aria-label={t('webhook.stateFilter')} value={search.state ?? 'all'} onChange={(state) => change({ state: state === 'all' ? undefined : state })} data={STATES.map((state) => ({ value: state, label: state === 'all' ? t('groups.filter.all') : t(`state.${state}` as 'state.DEAD') }))} />
        <Select aria-label={t('webhook.typeFilter')} placeholder={t('webhook.typeFilter')} data={webhook.types} value={search.type ?? null} onChange={(type) => change({ type: type ?? undefined })} clearable clearButtonProps={{ 'aria-label': t('clear') }} searchable />
      </Group>
      <Answered query={deliveries} height={260}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty title={t('deliveries.none')} />
          ) : (
            <>
              <DeliveryTable webhookId={webhook.id} deliveries={items} />
              <Group p="sm" gap="xs" justify="flex-end">
                {cursor && <Button size="xs" variant="default" onClick={() => setCursor('')}>{t('page.first')}</Button>}
                {nextCursor && <Button size="xs" variant="default" onClick={() => setCursor(nextCursor)}>{t('page.next')}</Button>}
              </Group>
            </>
          )
        }
      </Answered>
    </Card>
  );
}

function Actions({ webhook }: { webhook: Webhook }) {
  const t = useText();
  const may = useMay();
  const client = useQueryClient();
  const [secret, setSecret] = useState<string | null>(null);
  if (!may('webhooks:write')) return null;
  const path = { params: { path: { endpoint_id: webhook.id } } };
  const sample = async () => {
    const { data } = await api.POST('/api/v1/webhooks/{endpoint_id}/test', { ...path, body: {} });
    notifications.show({ message: t('webhook.sampled', { count: data?.deliveryIds.length ?? 0 }) });
    await client.invalidateQueries();
  };
  const pause = async () => {
    await api.PATCH('/api/v1/webhooks/{endpoint_id}', { ...path, body: { active: !webhook.active } });
    await client.invalidateQueries();
  };
  const rotate = async () => {
    const { data } = await api.POST('/api/v1/webhooks/{endpoint_id}/secret', { ...path, body: { overlapSeconds: 86_400 } });
    setSecret(data?.secret ?? null);
  };
  return (
    <>
      <Button variant="default" leftSection={<IconSend size={16} />} onClick={() => void sample()}>{t('webhook.test')}</Button>
      <Button variant="default" leftSection={<IconKey size={16} />} onClick={() => void rotate()}>{t('webhook.rotate')}</Button>
      <Button variant="default" leftSection={webhook.active ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />} onClick={() => void pause()}>
        {webhook.active ? t('webhook.pause') : t('webhook.resume')}
      </Button>
      {secret && <Stack gap={0} role="status"><Text size="xs">{t('webhook.newSecret')}</Text><CopyText value={secret} /></Stack>}
    </>
  );
}
