import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { $api, type Schemas } from '../../api/client';
import { useOrganisation } from '../../app/session';
import { useText } from '../../i18n/text';
import { Amount, Answered, Card, Empty, Facts } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { TimeText } from '../../ui/time';
import { runningPeriod, type TargetGroup } from './groups';

type PeriodSummary = Schemas['PeriodSummaryItem'];
const [HEIGHT, LEFT, BOTTOM, TOP, GAP] = [200, 52, 24, 14, 2];
const WIDTH_MIN = 200;
const SHARE = 5;

/** How far all customers are with a target of the group, in one of its periods. */
export function Summary({ group }: { group: TargetGroup }) {
  const t = useText();
  const zone = useOrganisation()?.zone;
  const summary = $api.useQuery('get', '/api/v1/targetGroups/{group_id}/summary', { params: { path: { group_id: group.id } } });
  const [targetId, setTarget] = useState(group.targets?.[0]?.id);
  const [periodId, setPeriod] = useState(runningPeriod(group)?.id);
  return (
    <Answered query={summary} height={360}>
      {({ targets, customers, madeAt }) => {
        const target = targets.find((one) => one.targetId === targetId) ?? targets[0];
        const period = target?.periods.find((one) => one.periodId === periodId) ?? target?.periods.at(-1);
        if (!target || !period) return <Card><Empty title={t('summary.none')} /></Card>;
        return (
          <Stack gap="sm">
            <Group gap="sm">
              <Select label={t('board.target')} data={targets.map((one) => ({ value: String(one.targetId), label: one.name }))} value={String(target.targetId)} onChange={(id) => setTarget(Number(id))} allowDeselect={false} />
              <Select label={t('board.period')} data={target.periods.map((one) => ({ value: String(one.periodId), label: one.refCode }))} value={String(period.periodId)} onChange={(id) => setPeriod(Number(id))} allowDeselect={false} />
            </Group>
            <div className="split even">
              <Card title={t('summary.howMany')}>
                <Facts
                  rows={[
                    ['fact.customers', <Amount value={customers} key="customers" />],
                    ['fact.takingPart', <Amount value={period.enrolled} key="enrolled" />],
                    ['fact.started', <Amount value={period.started} key="started" />],
                    ['fact.half', <Amount value={period.half} key="half" />],
                    ['fact.achieved', <Amount value={period.achieved} key="achieved" />],
                    ['fact.sum', <Amount value={period.sum} key="sum" />],
                  ]}
                />
              </Card>
              <Card title={t('summary.distribution')}><Distribution period={period} /></Card>
            </div>
            <Text size="sm" c="dimmed">{t('summary.madeAt')} <TimeText at={madeAt} precision="second" />. {t('zoneNote', { zone: zone ?? 'UTC' })}</Text>
          </Stack>
        );
      }}
    </Answered>
  );
}

interface Bar {
  from: number;
  customers: number;
}

/** Customers by the share of their goal that they have, in twentieths; the last bar has all who are at it or over it. */
function Distribution({ period }: { period: PeriodSummary }) {
  const t = useText();
  const intl = useIntl();
  const { ref, width: measured } = useElementSize();
  const [asTable, setAsTable] = useState(false);
  const bars: Bar[] = [...period.bins, period.over].map((customers, place) => ({ from: place * SHARE, customers }));
  const name = (bar: Bar) => (bar.from === 100 ? t('summary.over') : t('summary.share', { from: bar.from, to: bar.from + SHARE }));
  const width = Math.max(WIDTH_MIN, measured);
  const most = Math.max(1, ...bars.map((one) => one.customers));
  const step = (width - LEFT - 8) / bars.length;
  const y = (customers: number) => TOP + (1 - customers / most) * (HEIGHT - TOP - BOTTOM);
  const columns: Column<Bar>[] = [
    { key: 'share', title: t('summary.shareOfGoal'), cell: name },
    { key: 'customers', title: t('nav.customers'), number: true, cell: (one) => <Amount value={one.customers} /> },
  ];
  const label = t('summary.chart', { customers: intl.formatNumber(period.enrolled), over: intl.formatNumber(period.over) });
  return (
    <Stack gap="xs">
      {asTable ? (
        <DataTable rows={bars} columns={columns} rowKey={(one) => one.from} caption={t('summary.distribution')} />
      ) : (
        <figure style={{ margin: 0 }} ref={ref}>
          <svg viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={label} width={width} height={HEIGHT} style={{ display: 'block', maxWidth: '100%' }}>
            <g fontSize="12" fill="var(--mantine-color-dimmed)">
              <line x1={LEFT} x2={width - 8} y1={y(0)} y2={y(0)} stroke="var(--card-border)" />
              <text x={LEFT - 6} y={y(0) + 4} textAnchor="end">0</text>
              <text x={LEFT - 6} y={y(most) + 4} textAnchor="end">{intl.formatNumber(most)}</text>
              <text x={LEFT} y={HEIGHT - 6}>0 %</text>
              <text x={LEFT + step * 10} y={HEIGHT - 6} textAnchor="middle">50 %</text>
              <text x={width - 8} y={HEIGHT - 6} textAnchor="end">≥ 100 %</text>
            </g>
            {bars.map((one, place) => (
              <rect
                key={one.from} x={LEFT + place * step + GAP / 2} width={Math.max(1, step - GAP)} y={y(one.customers)} height={y(0) - y(one.customers)}
                fill={one.from === 100 ? 'light-dark(#2b7a3f, #64bb78)' : 'light-dark(var(--mantine-color-pine-7), var(--mantine-color-pine-4))'}
              >
                <title>{`${name(one)}: ${one.customers}`}</title>
              </rect>
            ))}
          </svg>
          <figcaption style={{ fontSize: 13, color: 'var(--mantine-color-dimmed)' }}>{label}</figcaption>
        </figure>
      )}
      {period.withoutGoal > 0 && <Text size="sm">{t('summary.withoutGoal', { customers: intl.formatNumber(period.withoutGoal) })}</Text>}
      <Button size="xs" variant="default" w="fit-content" onClick={() => setAsTable(!asTable)}>{asTable ? t('chart.asPicture') : t('chart.asTable')}</Button>
    </Stack>
  );
}
