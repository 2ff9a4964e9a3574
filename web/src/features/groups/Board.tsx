import { Select, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { $api, type Schemas } from '../../api/client';
import { useText, useWord } from '../../i18n/text';
import { Amount, Answered, Card, Empty } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { TimeText } from '../../ui/time';
import { runningPeriod, type TargetGroup } from './groups';

const TOP = 50;
type Place = Schemas['PlaceItem'];

/** The leaderboard of a group for one of its periods. */
export function Board({ group }: { group: TargetGroup }) {
  const t = useText();
  const word = useWord();
  const targets = group.targets ?? [];
  const periods = (group.periods ?? []).filter((one) => one.periodStatus !== 'NOT_STARTED');
  const [target, setTarget] = useState(targets[0]?.id);
  const [period, setPeriod] = useState(runningPeriod(group)?.id ?? periods.at(-1)?.id);
  const board = $api.useQuery(
    'get', '/api/v1/leaderboards/{target_id}',
    { params: { path: { target_id: target ?? 0 }, query: { periodId: period, top: TOP } } },
    { enabled: target !== undefined && period !== undefined },
  );
  const columns: Column<Place>[] = [
    { key: 'rank', title: t('board.rank'), number: true, cell: (one) => one.rank },
    { key: 'name', title: t('board.name'), cell: (one) => <Link className="link" to={`/customers/${one.customerId}`}>{one.alias ?? `#${one.customerId}`}</Link> },
    { key: 'value', title: t('board.value'), number: true, cell: (one) => <Amount value={one.value} /> },
    { key: 'at', title: t('board.active'), wide: true, cell: (one) => <TimeText at={one.activeAt} /> },
  ];
  if (periods.length === 0) return <Card><Empty title={t('board.notYet')} /></Card>;
  return (
    <Stack gap="sm">
      <div style={{ display: 'flex', gap: 12, flexWrap: 'wrap' }}>
        <Select label={t('board.target')} data={targets.map((one) => ({ value: String(one.id), label: one.name }))} value={String(target)} onChange={(id) => setTarget(Number(id))} allowDeselect={false} />
        <Select label={t('board.period')} data={periods.map((one) => ({ value: String(one.id), label: one.refCode }))} value={String(period)} onChange={(id) => setPeriod(Number(id))} allowDeselect={false} />
      </div>
      <Card flush>
        <Answered query={board}>
          {(item) => (
            <>
              {item.top.length === 0 ? <Empty title={t('board.empty')} /> : <DataTable rows={item.top} columns={columns} rowKey={(one) => one.customerId} caption={t('group.board')} />}
              <Text size="sm" c="dimmed" px="md" py="xs" component="div">
                {t('board.caption', { count: item.customers })} {word('ties', item.ties)} · {item.closed ? t('board.closed') : <>{t('board.synced')} <TimeText at={item.syncedAt} precision="second" /></>}
              </Text>
            </>
          )}
        </Answered>
      </Card>
    </Stack>
  );
}
