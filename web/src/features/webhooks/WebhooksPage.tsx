import { Button, Group, Stack, Text } from '@mantine/core';
import { IconPlus } from '../../ui/icons';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { $api, type Schemas } from '../../api/client';
import { useMay } from '../../app/session';
import { useText } from '../../i18n/text';
import { Answered, Card, Empty, Status } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';
import { AddWebhook } from './AddWebhook';

export type Webhook = Schemas['WebhookItem'];

/** ACTIVE, FAILING or DISABLED. */
export function stateOfWebhook(webhook: Webhook): string {
  if (!webhook.active) return 'DISABLED';
  return webhook.failures > 0 ? 'FAILING' : 'ACTIVE';
}

/** The share of finished deliveries that arrived; null before the first. */
export function successOf(webhook: Webhook): number | null {
  const all = webhook.delivered + webhook.dead;
  return all === 0 ? null : webhook.delivered / all;
}

/** All receivers with how they do. */
export function WebhooksPage() {
  const t = useText();
  const intl = useIntl();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const webhooks = $api.useQuery('get', '/api/v1/webhooks', {}, { refetchInterval: 10_000 });
  const link = (one: Webhook) => `/webhooks/${one.id}`;
  const columns: Column<Webhook>[] = [
    {
      key: 'name', title: t('webhooks.name'), sort: (one) => one.description || one.url,
      cell: (one) => (
        <Stack gap={0}>
          <Link className="link" to={link(one)}>{one.description || one.url}</Link>
          {one.description && <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>{one.url}</Text>}
        </Stack>
      ),
    },
    { key: 'state', title: t('groups.state'), sort: stateOfWebhook, cell: (one) => <Status state={stateOfWebhook(one)} /> },
    {
      key: 'success', title: t('webhooks.success'), number: true, sort: (one) => successOf(one) ?? -1,
      cell: (one) => { const share = successOf(one); return share === null ? '–' : intl.formatNumber(share, { style: 'percent', maximumFractionDigits: 1 }); },
    },
    { key: 'waiting', title: t('webhooks.waiting'), number: true, sort: (one) => one.pending, cell: (one) => intl.formatNumber(one.pending) },
    { key: 'dead', title: t('webhooks.dead'), number: true, sort: (one) => one.dead, cell: (one) => intl.formatNumber(one.dead) },
    { key: 'since', title: t('webhooks.failingSince'), wide: true, cell: (one) => <TimeText at={one.failingSince} /> },
  ];
  const add = may('webhooks:write') && <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>{t('webhooks.add')}</Button>;
  return (
    <Page title={t('nav.webhooks')} about={t('webhooks.about')} actions={add}>
      {adding && <AddWebhook close={() => setAdding(false)} />}
      <Card flush>
        <Answered query={webhooks}>
          {({ items }) => (items.length === 0 ? <Empty title={t('webhooks.empty')} action={<Group mt="sm">{add}</Group>}>{t('webhooks.emptyAbout')}</Empty> : <DataTable rows={items} columns={columns} rowKey={(one) => one.id} caption={t('nav.webhooks')} rowLink={link} />)}
        </Answered>
      </Card>
    </Page>
  );
}
