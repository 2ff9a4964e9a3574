import { Group, Stack, Text } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { $api, type Schemas } from '../../api/client';
import { useMay } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Amount, Answered, Card, CopyText, Empty, Facts, Problem, Status } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { JsonView } from '../../ui/JsonView';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';
import { explanationLink } from '../customers/GroupCard';
import { eventLink } from '../customers/CustomerEvents';
import { useGroups } from '../groups/groups';

type Received = Schemas['ReceivedEventItem'];
type Entry = Schemas['EntryItem'];

/** One event: what it carried, what it changed, what it led to. */
export function EventPage() {
  const t = useText();
  const { source, eventId } = useParams({ strict: false }) as { source: string; eventId: string };
  const event = $api.useQuery('get', '/api/v1/events/{source}/{event_id}', { params: { path: { source, event_id: eventId } } });
  const crumbs = [{ title: t('nav.events'), to: '/events' }];
  if (event.isError) return <Page title={eventId} crumbs={crumbs}><Problem error={event.error} retry={() => void event.refetch()} /></Page>;
  return (
    <Page title={eventId} about={source} crumbs={crumbs}>
      <Answered query={event} height={420}>{(received) => <Detail received={received} />}</Answered>
    </Page>
  );
}

function Detail({ received }: { received: Received }) {
  const t = useText();
  const word = useWord();
  const { event } = received;
  return (
    <div className="split even">
      <Stack gap="md">
        <Card title={t('event.what')}>
          <Facts
            rows={[
              ['fact.event', word('eventType', event.type)],
              ['fact.customer', <Link className="link" to={`/customers/${received.customerId}`} key="customer">#{received.customerId}</Link>],
              ['fact.occurred', <TimeText at={event.time} precision="second" key="time" />],
              ['fact.received', <TimeText at={event.receivedAt} precision="second" key="received" />],
              ['fact.store', event.place.store],
              ['fact.version', event.version],
              ['fact.sequence', event.sequence],
              ['fact.id', <CopyText value={event.id} key="id" />],
              ['fact.corrects', received.corrects && <Link className="link" to={eventLink(received.corrects)}>{received.corrects.id}</Link>],
              ['fact.correctedBy', received.correctedBy.length > 0 && received.correctedBy.map((one) => <Link className="link" key={one.id} to={eventLink(one)}>{one.id} </Link>)],
            ]}
          />
        </Card>
        <Card title={t('event.changed')} flush><Entries received={received} /></Card>
        <Card title={t('event.led')} flush><Outcomes received={received} /></Card>
      </Stack>
      <Card title={t('event.data')}><JsonView value={event.data} label={t('event.data')} /></Card>
    </div>
  );
}

function Entries({ received }: { received: Received }) {
  const t = useText();
  const may = useMay();
  const groups = useGroups();
  const targets = new Map((groups.data?.data ?? []).flatMap((group) => (group.targets ?? []).map((target) => [target.id, target.name] as const)));
  const periods = new Map((groups.data?.data ?? []).flatMap((group) => (group.periods ?? []).map((one) => [one.id, one.refCode] as const)));
  const columns: Column<Entry>[] = [
    {
      key: 'target', title: t('board.target'),
      cell: (one) => {
        const period = periods.get(one.periodId);
        const name = targets.get(one.targetId) ?? `#${one.targetId}`;
        return may('customers:read') && period ? <Link className="link" {...explanationLink(received.customerId, one.targetId, period)}>{name}</Link> : name;
      },
    },
    { key: 'period', title: t('board.period'), cell: (one) => periods.get(one.periodId) ?? `#${one.periodId}` },
    { key: 'before', title: t('event.before'), number: true, cell: (one) => <Amount value={one.before} /> },
    { key: 'after', title: t('event.after'), number: true, cell: (one) => <Amount value={one.after} /> },
  ];
  if (received.event.entries.length === 0) return <Empty title={t('event.changedNothing')} />;
  return <DataTable rows={received.event.entries} columns={columns} rowKey={(one) => `${one.targetId}-${one.periodId}`} caption={t('event.changed')} />;
}

function Outcomes({ received }: { received: Received }) {
  const t = useText();
  const word = useWord();
  if (received.outcomes.length === 0 && received.deliveries.length === 0) return <Empty title={t('event.ledNowhere')} />;
  return (
    <Stack gap={0}>
      {received.outcomes.map((one, place) => (
        <div className="list-row" key={place}><Text size="sm" fw={600}>{word('messageType', one.type)}</Text><Text size="sm" c="dimmed" component="div"><TimeText at={one.at} /></Text></div>
      ))}
      {received.deliveries.map((one) => (
        <Group className="list-row" key={one.id} justify="space-between"><Text size="sm">{one.type}</Text><Status state={one.state} /></Group>
      ))}
    </Stack>
  );
}
