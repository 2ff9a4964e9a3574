import { Accordion, Badge, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconArrowBackUp, IconCircleCheck, IconCircleMinus } from '../../ui/icons';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { $api } from '../../api/client';
import { useMay } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Amount, Answered, Card, CopyText, Empty, Facts, Status } from '../../ui/basics';
import { JsonView } from '../../ui/JsonView';
import { TimeText } from '../../ui/time';
import { eventLink } from '../customers/CustomerEvents';
import { isAdjustment, TakeBack } from './Adjust';
import { ConditionTree } from './ConditionTree';
import { FILTERS, passes, trailOf, type Explanation, type TrailFilter, type TrailRow } from './trail';

/** Each event with what it did to the value, or why it did nothing. */
export function Trail({ explanation }: { explanation: Explanation }) {
  const t = useText();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { show?: TrailFilter; period?: string };
  const filter = search.show && FILTERS.includes(search.show) ? search.show : 'period';
  const rows = trailOf(explanation);
  const shown = rows.filter((row) => passes(row, filter));
  const count = (one: TrailFilter) => rows.filter((row) => passes(row, one)).length;
  return (
    <Card title={t('trail.title')} flush>
      <div style={{ padding: '12px 16px', overflowX: 'auto' }} tabIndex={0} role="region" aria-label={t('trail.filter')}>
        <SegmentedControl
          aria-label={t('trail.filter')}
          value={filter}
          onChange={(show) => void navigate({ to: '.', search: { ...search, show: show === 'period' ? undefined : show }, replace: true })}
          data={FILTERS.map((one) => ({ value: one, label: `${t(`trail.show.${one}` as 'trail.show.all')} ${count(one)}` }))}
        />
      </div>
      {shown.length === 0 ? (
        <Empty title={t('trail.none')} />
      ) : (
        <Accordion multiple chevronPosition="right" styles={{ item: { borderColor: 'var(--card-border)' } }}>
          {shown.map((row) => <Row key={row.key} row={row} explanation={explanation} />)}
        </Accordion>
      )}
    </Card>
  );
}

function Row({ row, explanation }: { row: TrailRow; explanation: Explanation }) {
  const t = useText();
  const word = useWord();
  const zone = explanation.timeZone;
  const Icon = !row.counted ? IconCircleMinus : (row.amount ?? 0) < 0 ? IconArrowBackUp : IconCircleCheck;
  const color = !row.counted ? 'var(--mantine-color-dimmed)' : (row.amount ?? 0) < 0 ? 'var(--mantine-color-error)' : 'light-dark(#2b7a3f, #64bb78)';
  return (
    <Accordion.Item value={row.key}>
      <Accordion.Control>
        <Group wrap="nowrap" gap="sm" align="flex-start">
          <Icon size={20} color={color} aria-hidden style={{ flexShrink: 0, marginTop: 1 }} />
          <div style={{ flex: 1, minWidth: 0 }}>
            <Group gap={8}>
              <Text size="sm" fw={600}><TimeText at={row.event.occurredAt} zone={zone} /></Text>
              <Text size="sm" c="dimmed">{word('eventType', row.event.type)} · {row.event.id}</Text>
              {row.late && <Badge color="gray">{t('events.received')} <TimeText at={row.event.receivedAt} zone={zone} precision="day" /></Badge>}
              {!row.counted && <Badge color={row.reason === 'CONDITION_FALSE' ? 'red' : 'gray'}>{word('reason', row.reason)}</Badge>}
            </Group>
            <Text size="sm">{row.sentence}</Text>
          </div>
          {row.counted && (
            <Stack gap={0} align="flex-end" className="nowrap">
              <Text size="sm" fw={650} style={{ color }}><Amount value={row.amount ?? 0} sign /></Text>
              <Text size="sm" c="dimmed">= <Amount value={row.sum ?? 0} /></Text>
            </Stack>
          )}
        </Group>
      </Accordion.Control>
      <Accordion.Panel><RowDetail row={row} explanation={explanation} /></Accordion.Panel>
    </Accordion.Item>
  );
}

function RowDetail({ row, explanation }: { row: TrailRow; explanation: Explanation }) {
  const t = useText();
  const word = useWord();
  const may = useMay();
  const { at } = useSearch({ strict: false }) as { at?: string };
  const [takingBack, setTakingBack] = useState(false);
  const condition = row.parameters?.condition;
  return (
    <Stack gap="md">
      {condition && (
        <div>
          <Text fw={600} size="sm" mb={4}>{t('trail.condition')}</Text>
          <ConditionTree condition={condition} deciding={row.parameters?.deciding} />
        </div>
      )}
      {row.parameters?.lines?.map((line) => (
        <div key={line.line}>
          <Text fw={600} size="sm" mb={4}>{t('trail.line', { line: line.line, code: line.code })}</Text>
          <ConditionTree condition={line.condition} />
        </div>
      ))}
      <Facts
        rows={[
          ['fact.reason', `${word('reason', row.reason)} (${row.reason})`],
          ['fact.version', row.version],
          ['fact.event', <Link className="link" to={eventLink(row.event)} key="event">{row.event.source} · {row.event.id}</Link>],
          ['fact.received', <TimeText at={row.event.receivedAt} precision="second" key="received" />],
          ['fact.enrolledAt', row.parameters?.enrolledAt && <TimeText at={row.parameters.enrolledAt} />],
          ['fact.lateDays', row.parameters?.lateDays],
          ['fact.field', row.parameters?.field],
          ['fact.otherPeriod', row.parameters?.period],
        ]}
      />
      {isAdjustment(row.event.source) && !at && may('customers:write') && (
        takingBack
          ? <TakeBack explanation={explanation} adjustmentId={row.event.id} close={() => setTakingBack(false)} />
          : <Button variant="default" size="xs" w="fit-content" onClick={() => setTakingBack(true)}>{t('adjust.takeBack')}</Button>
      )}
      {may('events:read') && <RawEvent source={row.event.source} id={row.event.id} customerId={explanation.customerId} />}
    </Stack>
  );
}

function RawEvent({ source, id, customerId }: { source: string; id: string; customerId: number }) {
  const t = useText();
  const event = $api.useQuery('get', '/api/v1/events/{source}/{event_id}', {
    params: { path: { source, event_id: id }, query: { customer: String(customerId) } },
  });
  return (
    <Answered query={event} height={120}>
      {(received) => (
        <Stack gap="xs">
          {received.deliveries.length > 0 && (
            <div>
              <Text fw={600} size="sm" mb={4}>{t('trail.deliveries')}</Text>
              <Group gap="xs">
                {received.deliveries.map((one) => (
                  <Group gap={6} key={one.id}><Text size="sm">{one.type}</Text><Status state={one.state} /></Group>
                ))}
              </Group>
            </div>
          )}
          <Text fw={600} size="sm">{t('trail.raw')} <CopyText value={JSON.stringify(received.event.data)} label="" /></Text>
          <JsonView value={received.event.data} label={t('trail.raw')} />
        </Stack>
      )}
    </Answered>
  );
}
