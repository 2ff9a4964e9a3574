import { Badge, Button, Group, SegmentedControl, TextInput } from '@mantine/core';
import { IconCheck, IconSearch, IconX } from '../../ui/icons';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { $api, type Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/text';
import { Answered, Card, CopyText, Empty } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';

type Request = Schemas['RequestItem'];
const LIMIT = 100;
const FAILED_FROM = 400;

/** The requests of the last day, those of these pages marked. */
export function RequestsPage() {
  const t = useText();
  const navigate = useNavigate();
  const session = useSession();
  const search = useSearch({ strict: false }) as { show?: string; q?: string };
  const [cursor, setCursor] = useState('');
  const failed = search.show === 'failed';
  const requests = $api.useQuery('get', '/api/v1/requests', {
    params: { query: { cursor, limit: LIMIT, ...(failed ? { statusFrom: FAILED_FROM } : {}) } },
  });
  const change = (changes: Record<string, string | undefined>) => {
    setCursor('');
    void navigate({ to: '/requests', search: { ...search, ...changes }, replace: true });
  };
  const columns: Column<Request>[] = [
    { key: 'at', title: t('requests.at'), sort: (one) => one.number, cell: (one) => <TimeText at={one.answeredAt} precision="second" /> },
    { key: 'route', title: t('requests.route'), sort: (one) => one.route, cell: (one) => <code style={{ overflowWrap: 'anywhere' }}><b>{one.method}</b> {one.route}</code> },
    {
      key: 'status', title: t('requests.status'), sort: (one) => one.status,
      cell: (one) => <Badge color={one.status < FAILED_FROM ? 'green' : 'red'} leftSection={one.status < FAILED_FROM ? <IconCheck size={13} aria-hidden /> : <IconX size={13} aria-hidden />}>{one.status}</Badge>,
    },
    { key: 'ms', title: t('requests.took'), number: true, sort: (one) => one.milliseconds, cell: (one) => `${one.milliseconds} ms` },
    {
      key: 'login', title: t('requests.login'), sort: (one) => one.login,
      cell: (one) => <Group gap={6}>{one.login || '–'}{one.login === session.data?.login && <Badge color="gray">{t('requests.you')}</Badge>}</Group>,
    },
    { key: 'events', title: t('nav.events'), number: true, wide: true, cell: (one) => one.events || '–' },
    { key: 'id', title: t('requests.id'), wide: true, cell: (one) => (one.requestId ? <CopyText value={one.requestId} /> : '–') },
  ];
  return (
    <Page title={t('nav.requests')} about={t('requests.about')}>
      <Group gap="sm">
        <SegmentedControl aria-label={t('requests.filter')} value={failed ? 'failed' : 'all'} onChange={(show) => change({ show: show === 'all' ? undefined : show })} data={[{ value: 'all', label: t('groups.filter.all') }, { value: 'failed', label: t('requests.failed') }]} />
        <TextInput aria-label={t('requests.search')} placeholder={t('requests.search')} leftSection={<IconSearch size={16} />} value={search.q ?? ''} onChange={(event) => change({ q: event.currentTarget.value || undefined })} w={{ base: '100%', sm: 280 }} />
      </Group>
      <Card flush>
        <Answered query={requests} height={380}>
          {({ items, nextCursor }) => {
            const typed = (search.q ?? '').toLowerCase();
            const shown = items.filter((one) => `${one.method} ${one.route} ${one.login} ${one.status} ${one.requestId}`.toLowerCase().includes(typed));
            return (
              <>
                {shown.length === 0 ? <Empty title={t('requests.none')} /> : <DataTable rows={shown} columns={columns} rowKey={(one) => one.number} caption={t('nav.requests')} />}
                <Group p="sm" gap="xs" justify="flex-end">
                  {cursor && <Button size="xs" variant="default" onClick={() => setCursor('')}>{t('page.first')}</Button>}
                  {nextCursor && <Button size="xs" variant="default" onClick={() => setCursor(nextCursor)}>{t('page.next')}</Button>}
                </Group>
              </>
            );
          }}
        </Answered>
      </Card>
    </Page>
  );
}
