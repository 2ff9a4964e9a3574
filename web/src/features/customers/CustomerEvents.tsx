import { Badge, Button, Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { $api, type Schemas } from '../../api/client';
import { useText } from '../../i18n/text';
import { Amount, Answered, Card, CopyText, Empty } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { TimeText } from '../../ui/time';

type LoggedEvent = Schemas['LoggedEventItem'];
const LIMIT = 50;
const LATE_MS = 3_600_000;

export function eventLink(event: { source: string; id: string }): string {
  return `/events/${encodeURIComponent(event.source)}/${encodeURIComponent(event.id)}`;
}

/** How many targets an event changed. */
export function targetsChanged(event: LoggedEvent): number {
  return new Set(event.entries.map((entry) => entry.targetId)).size;
}

/** The amount that an event names, or a dash. */
export function EventAmount({ event }: { event: LoggedEvent }) {
  const data = event.data as { netAmount?: number; amount?: number };
  const amount = data.netAmount ?? data.amount;
  return amount === undefined ? <>–</> : <Amount value={amount} />;
}

/** The events of a customer, those received last first. */
export function CustomerEvents({ id }: { id: number }) {
  const t = useText();
  const [cursor, setCursor] = useState('');
  const events = $api.useQuery('get', '/api/v1/events', { params: { query: { customer: String(id), cursor, limit: LIMIT } } });
  const columns: Column<LoggedEvent>[] = [
    {
      key: 'type', title: t('events.type'), sort: (one) => one.type,
      cell: (one) => <Link className="link" to={eventLink(one)}>{one.type}</Link>,
    },
    {
      key: 'time', title: t('events.time'), sort: (one) => one.time,
      cell: (one) => (
        <Group gap={6}>
          <TimeText at={one.time} />
          {new Date(one.receivedAt).getTime() - new Date(one.time).getTime() > LATE_MS && (
            <Badge color="gray">{t('events.received')} <TimeText at={one.receivedAt} /></Badge>
          )}
        </Group>
      ),
    },
    { key: 'amount', title: t('events.amount'), number: true, cell: (one) => <EventAmount event={one} /> },
    { key: 'counted', title: t('events.entries'), number: true, cell: targetsChanged, sort: (one) => one.entries.length },
    { key: 'id', title: t('events.id'), wide: true, cell: (one) => <CopyText value={one.id} label={`${one.source} · ${one.id}`} /> },
  ];
  return (
    <Card flush>
      <Answered query={events} height={300}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty title={t('events.none')} />
          ) : (
            <>
              <DataTable rows={items} columns={columns} rowKey={(one) => `${one.source}/${one.id}`} caption={t('nav.events')} rowLink={eventLink} />
              <Group p="sm" justify="space-between">
                <Text size="sm" c="dimmed">{t('events.order')}</Text>
                <Group gap="xs">
                  {cursor && <Button size="xs" variant="default" onClick={() => setCursor('')}>{t('page.first')}</Button>}
                  {nextCursor && <Button size="xs" variant="default" onClick={() => setCursor(nextCursor)}>{t('page.next')}</Button>}
                </Group>
              </Group>
            </>
          )
        }
      </Answered>
    </Card>
  );
}
