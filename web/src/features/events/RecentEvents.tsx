import { Badge, Button, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { $api, type Schemas } from '../../api/client';
import { useText } from '../../i18n/text';
import { Answered, Card, Empty } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { IconPlayerPause, IconPlayerPlay, IconSearch } from '../../ui/icons';
import { TimeText } from '../../ui/time';
import { EventAmount, eventLink, targetsChanged } from '../customers/CustomerEvents';

type Recent = Schemas['RecentEventItem'];
const LIMIT = 100;
const POLL_MS = 2_000;

const changed = (one: Recent) => targetsChanged(one.event);

/** The latest events of all customers, kept up to date until paused; filters and the pause are part of the address. */
export function RecentEvents() {
  const t = useText();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { show?: string; q?: string; paused?: string };
  const paused = search.paused === 'yes';
  const recent = $api.useQuery(
    'get', '/api/v1/events/recent', { params: { query: { limit: LIMIT } } }, { refetchInterval: paused ? false : POLL_MS },
  );
  const change = (changes: Record<string, string | undefined>) =>
    void navigate({ to: '/events', search: { ...search, ...changes }, replace: true });
  const columns: Column<Recent>[] = [
    { key: 'received', title: t('events.receivedAt'), sort: (one) => one.event.receivedAt, cell: (one) => <TimeText at={one.event.receivedAt} precision="second" /> },
    { key: 'type', title: t('events.type'), sort: (one) => one.event.type, cell: (one) => <Link className="link" to={eventLink(one.event)}>{one.event.type}</Link> },
    { key: 'customer', title: t('events.customer'), sort: (one) => one.customerId, cell: (one) => <Link className="link" to={`/customers/${one.customerId}`}>{one.customerId}</Link> },
    { key: 'amount', title: t('events.amount'), number: true, cell: (one) => <EventAmount event={one.event} /> },
    {
      key: 'changed', title: t('events.entries'), number: true, sort: changed,
      cell: (one) => (changed(one) ? changed(one) : <Badge color="gray">{t('events.nothing')}</Badge>),
    },
    { key: 'time', title: t('events.time'), wide: true, sort: (one) => one.event.time, cell: (one) => <TimeText at={one.event.time} /> },
    { key: 'id', title: t('events.id'), wide: true, cell: (one) => <code style={{ overflowWrap: 'anywhere' }}>{one.event.source} · {one.event.id}</code> },
  ];
  const typed = (search.q ?? '').toLowerCase();
  const show = search.show ?? 'all';
  const fits = (one: Recent) =>
    (show === 'all' || (changed(one) > 0) === (show === 'counted')) &&
    `${one.event.type} ${one.event.source} ${one.event.id} ${one.customerId}`.toLowerCase().includes(typed);
  return (
    <Card flush>
      <Group p="sm" gap="sm">
        <SegmentedControl
          aria-label={t('events.filter')} value={show} onChange={(chosen) => change({ show: chosen === 'all' ? undefined : chosen })}
          data={[{ value: 'all', label: t('groups.filter.all') }, { value: 'counted', label: t('events.counted') }, { value: 'nothing', label: t('events.nothing') }]}
        />
        <TextInput aria-label={t('events.search')} placeholder={t('events.search')} leftSection={<IconSearch size={16} />} value={search.q ?? ''} onChange={(event) => change({ q: event.currentTarget.value || undefined })} w={{ base: '100%', sm: 280 }} />
        <Button
          variant="default" aria-pressed={paused} onClick={() => change({ paused: paused ? undefined : 'yes' })}
          leftSection={paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
        >
          {paused ? t('events.resume') : t('events.pause')}
        </Button>
      </Group>
      <Answered query={recent} height={380}>
        {({ items }) => {
          const shown = items.filter(fits);
          return (
            <>
              {shown.length === 0 ? (
                <Empty title={items.length === 0 ? t('events.none') : t('events.noneFits')} />
              ) : (
                <DataTable rows={shown} columns={columns} rowKey={(one) => `${one.customerId}/${one.event.source}/${one.event.id}`} caption={t('events.recent')} rowLink={(one) => eventLink(one.event)} />
              )}
              <Text p="sm" size="sm" c="dimmed" aria-live="polite">{paused ? t('events.isPaused') : t('events.isLive')}</Text>
            </>
          );
        }}
      </Answered>
    </Card>
  );
}
