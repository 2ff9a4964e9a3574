import { Badge, Text, Tooltip } from '@mantine/core';
import { useOrganisation } from '../../app/session';
import { useText } from '../../i18n/text';
import { Card, Empty, Status } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import type { Period, TargetGroup } from './groups';

/** The difference of a zone to UTC at an instant, in minutes. */
export function offsetOf(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at);
  const found = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(parts.find((one) => one.type === 'timeZoneName')?.value ?? '');
  if (!found?.[1]) return 0;
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
}

/** Whether clocks are changed in a zone between two days. */
export function clockChanges(zone: string, first: string, last: string): boolean {
  const [from, to] = [Date.parse(`${first.slice(0, 10)}T00:00:00Z`), Date.parse(`${last.slice(0, 10)}T23:59:59Z`)];
  return offsetOf(zone, from) !== offsetOf(zone, to);
}

/** The periods of a group with their days, in the zone that rules them. */
export function Periods({ group }: { group: TargetGroup }) {
  const t = useText();
  const organisation = useOrganisation();
  const zone = group.timeZoneName ?? organisation?.zone ?? 'UTC';
  const periods = group.periods ?? [];
  if (periods.length === 0) return <Card><Empty title={t('periods.none')} /></Card>;
  const goalOf = (period: Period) =>
    (group.targets ?? []).map((target) => {
      const own = target.targetPeriodDefaultValuesMap?.[String(period.id)] ?? target.defaultValues?.find((goal) => goal.periodId === period.id);
      return own?.defaultValue;
    });
  const columns: Column<Period>[] = [
    { key: 'name', title: t('periods.name'), cell: (one) => <b>{one.refCode}</b>, sort: (one) => one.refCode },
    { key: 'state', title: t('groups.state'), cell: (one) => <Status state={one.active ? one.periodStatus : 'STOPPED'} />, sort: (one) => one.periodStatus },
    { key: 'first', title: t('periods.first'), cell: (one) => <span className="figures nowrap">{one.startDate || '–'}</span>, sort: (one) => one.startDate },
    {
      key: 'last', title: t('periods.last'),
      cell: (one) => (
        <span className="figures nowrap">
          {one.endDate || '–'}{' '}
          {one.startDate && one.endDate && clockChanges(zone, one.startDate, one.endDate) && (
            <Tooltip label={t('periods.clockChange', { zone })}><Badge color="yellow">{t('periods.clockChangeShort')}</Badge></Tooltip>
          )}
        </span>
      ),
    },
    { key: 'goal', title: t('periods.goal'), number: true, cell: (one) => goalOf(one).filter((goal) => goal !== undefined).join(' · ') || '–' },
  ];
  return (
    <Card flush>
      <DataTable rows={periods} columns={columns} rowKey={(one) => one.id} caption={t('group.periods')} />
      <Text size="sm" c="dimmed" px="md" py="xs">{t('periods.zone', { zone })}</Text>
    </Card>
  );
}
