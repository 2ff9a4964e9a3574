import { ActionIcon, Button, Group, NumberInput, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '../../ui/icons';
import { useText, useWord } from '../../i18n/text';
import { CALENDAR, type Definition } from './definition';
import { ApiName } from './TargetFields';

type Change = (definition: Definition) => void;
const WINDOWS = [CALENDAR, 'CYCLIC_WINDOW', 'PERIOD_AGNOSTIC_WINDOW'] as const;
const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'YEARLY', 'CUSTOM'] as const;
const ZONES = Intl.supportedValuesOf('timeZone');

/** When it counts: periods of the calendar, of the customer's own, or one after the other. */
export function PeriodFields({ definition, change, isLive }: { definition: Definition; change: Change; isLive: boolean }) {
  const t = useText();
  const word = useWord();
  const window = definition.targetEvaluationType ?? CALENDAR;
  const special = definition.trackingType === 'STREAKS' || definition.trackingType === 'NON_CONTINUOUS_STREAKS' || definition.trackingType === 'UNIFIED';
  const reasonOf = (one: string) => (isLive && one !== window ? t('editor.windowFixed') : special && one !== CALENDAR ? t('editor.needsCalendar') : null);
  const choose = (one: string) => {
    const first = definition.targetCycleStartDate ?? definition.periods?.[0]?.startDate ?? '';
    const count = definition.totalPeriods ?? 3;
    const names = Array.from({ length: count }, (_, place) => ({ refCode: `Cycle_${place + 1}` }));
    if (one === CALENDAR) change({ ...definition, targetEvaluationType: CALENDAR, periods: undefined, targetCycleStartDate: first.slice(0, 10), targetCycleStartDateISO: undefined, targetCycleEndDateISO: undefined, recurringCycles: undefined, frequencyType: 'MONTHLY', frequency: 1 });
    else change({ ...definition, targetEvaluationType: one as Definition['targetEvaluationType'], periods: names, targetCycleStartDate: undefined, targetCycleStartDateISO: `${first.slice(0, 10)}T00:00:00`, targetCycleEndDateISO: `${Number(first.slice(0, 4)) + 1}-12-31T23:59:59`, recurringCycles: count, frequencyType: 'CUSTOM', frequency: one === 'CYCLIC_WINDOW' ? 30 : 0, leaderboardEnabled: false });
  };
  return (
    <Stack gap="sm">
      <Radio.Group value={window} onChange={choose} aria-label={t('editor.when')}>
        <Stack gap={8}>
          {WINDOWS.map((one) => <Radio key={one} value={one} label={word('window', one)} description={reasonOf(one) ?? word('windowAbout', one)} disabled={reasonOf(one) !== null} />)}
        </Stack>
      </Radio.Group>
      {window === CALENDAR ? (definition.periods ? <Listed definition={definition} change={change} /> : <Frequency definition={definition} change={change} />) : <OwnWindows definition={definition} change={change} />}
      <Select label={t('editor.zone')} description={<ApiName name="timeZoneName" />} data={ZONES} value={definition.timeZoneName ?? null} onChange={(zone) => change({ ...definition, timeZoneName: zone ?? undefined })} searchable limit={60} disabled={isLive} w={300} />
    </Stack>
  );
}

function Frequency({ definition, change }: { definition: Definition; change: Change }) {
  const t = useText();
  const word = useWord();
  return (
    <Group gap="sm" align="flex-end">
      <NumberInput label={t('editor.every')} value={definition.frequency ?? 1} min={1} w={80} onChange={(value) => change({ ...definition, frequency: Number(value) || 1 })} />
      <Select label={t('editor.unit')} data={FREQUENCIES.map((one) => ({ value: one, label: word('frequency', one) }))} value={definition.frequencyType ?? 'MONTHLY'} onChange={(one) => change({ ...definition, frequencyType: one as Definition['frequencyType'] })} w={150} allowDeselect={false} />
      <NumberInput label={t('editor.times')} value={definition.totalPeriods ?? 1} min={1} max={100} w={100} onChange={(value) => change({ ...definition, totalPeriods: Number(value) || 1 })} />
      <TextInput type="date" label={t('editor.firstDay')} value={(definition.targetCycleStartDate ?? '').slice(0, 10)} onChange={(event) => change({ ...definition, targetCycleStartDate: event.currentTarget.value })} required />
    </Group>
  );
}

function Listed({ definition, change }: { definition: Definition; change: Change }) {
  const t = useText();
  const periods = definition.periods ?? [];
  const save = (changed: typeof periods) => change({ ...definition, periods: changed, totalPeriods: changed.length });
  const set = (place: number, part: object) => save(periods.map((one, number) => (number === place ? { ...one, ...part } : one)));
  return (
    <Stack gap="xs">
      {periods.map((one, place) => (
        <Group key={place} gap="xs" wrap="nowrap">
          <TextInput aria-label={t('editor.periodName', { number: place + 1 })} value={one.refCode ?? ''} onChange={(event) => set(place, { refCode: event.currentTarget.value })} flex={1} miw={90} />
          <TextInput type="date" aria-label={t('editor.periodFirst', { name: one.refCode ?? '' })} value={(one.startDate ?? '').slice(0, 10)} onChange={(event) => set(place, { startDate: event.currentTarget.value })} />
          <TextInput type="date" aria-label={t('editor.periodLast', { name: one.refCode ?? '' })} value={(one.endDate ?? '').slice(0, 10)} onChange={(event) => set(place, { endDate: event.currentTarget.value })} />
          <ActionIcon variant="default" size={34} aria-label={t('editor.removePeriod', { name: one.refCode ?? '' })} onClick={() => save(periods.filter((_, number) => number !== place))}><IconX size={16} /></ActionIcon>
        </Group>
      ))}
      <Button size="xs" variant="default" w="fit-content" leftSection={<IconPlus size={14} />} onClick={() => save([...periods, { refCode: `Cycle_${periods.length + 1}`, startDate: periods.at(-1)?.endDate ?? '', endDate: periods.at(-1)?.endDate ?? '' }])}>{t('editor.addPeriod')}</Button>
    </Stack>
  );
}

function OwnWindows({ definition, change }: { definition: Definition; change: Change }) {
  const t = useText();
  const count = definition.periods?.length ?? definition.totalPeriods ?? 1;
  const setCount = (value: number) =>
    change({ ...definition, totalPeriods: value, recurringCycles: value, periods: Array.from({ length: value }, (_, place) => definition.periods?.[place] ?? { refCode: `Cycle_${place + 1}` }) });
  return (
    <Group gap="sm" align="flex-end">
      {definition.targetEvaluationType === 'CYCLIC_WINDOW' && <NumberInput label={t('editor.daysEach')} value={definition.frequency ?? 30} min={1} w={120} onChange={(value) => change({ ...definition, frequency: Number(value) || 1 })} />}
      <NumberInput label={t('editor.times')} value={count} min={1} max={100} w={100} onChange={(value) => setCount(Math.max(1, Number(value) || 1))} />
      <TextInput type="date" label={t('editor.from')} value={(definition.targetCycleStartDateISO ?? '').slice(0, 10)} onChange={(event) => change({ ...definition, targetCycleStartDateISO: `${event.currentTarget.value}T00:00:00` })} />
      <TextInput type="date" label={t('editor.until')} value={(definition.targetCycleEndDateISO ?? '').slice(0, 10)} onChange={(event) => change({ ...definition, targetCycleEndDateISO: `${event.currentTarget.value}T23:59:59` })} />
      <Text size="sm" c="dimmed" w="100%">{t('editor.ownWindowsAbout')}</Text>
    </Group>
  );
}
