import { ActionIcon, Button, Group, NumberInput, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '../../ui/icons';
import { useText, useWord } from '../../i18n/text';
import { blankTarget, type Definition } from './definition';
import { ApiName } from './TargetFields';

type Change = (definition: Definition) => void;
const KINDS = ['DEFAULT', 'UNIFIED', 'STREAKS', 'NON_CONTINUOUS_STREAKS', 'CAPPING'] as const;

/** What kind of target it is, and what only that kind has. */
export function KindFields({ definition, change, isLive }: { definition: Definition; change: Change; isLive: boolean }) {
  const t = useText();
  const word = useWord();
  const choose = (kind: string) => {
    const tracking = kind as Definition['trackingType'];
    const streak = kind === 'STREAKS' || kind === 'NON_CONTINUOUS_STREAKS';
    const targets = definition.targets ?? [];
    const cap = kind === 'CAPPING';
    const wasCap = definition.trackingType === 'CAPPING';
    const shaped = targets.map((one) => ({
      ...one,
      ...(cap ? { targetEntity: 'REWARDS' as const, targetType: 'ALL_POINTS' as const, targetMilestoneTriggers: undefined } : {}),
      ...(wasCap && !cap ? { targetEntity: 'TRANSACTION' as const, targetType: 'SALES' as const } : {}),
    }));
    change({
      ...definition,
      trackingType: tracking,
      streaks: streak ? (definition.streaks ?? [{ name: t('editor.levelName', { count: 4 }), targetCountOfSequence: 4 }]) : undefined,
      streakFreezes: kind === 'STREAKS' ? definition.streakFreezes : undefined,
      combinationType: kind === 'UNIFIED' ? (definition.combinationType ?? 'ALL') : undefined,
      unifiedTargetExpression: kind === 'UNIFIED' ? definition.unifiedTargetExpression : undefined,
      capScope: cap ? (definition.capScope ?? 'CUSTOMER') : undefined,
      targets: kind === 'UNIFIED' && targets.length < 2 ? [...shaped, blankTarget('')] : kind === 'UNIFIED' ? shaped : shaped.slice(0, Math.max(1, kind === 'DEFAULT' ? shaped.length : 1)),
      leaderboardEnabled: cap ? false : definition.leaderboardEnabled,
    });
  };
  return (
    <Stack gap="sm">
      <Radio.Group value={definition.trackingType ?? 'DEFAULT'} onChange={choose} aria-label={t('editor.kind')}>
        <Stack gap={8}>
          {KINDS.map((kind) => (
            <Radio key={kind} value={kind} label={word('tracking', kind)} description={word('trackingAbout', kind)} disabled={isLive && kind !== definition.trackingType} />
          ))}
        </Stack>
      </Radio.Group>
      {isLive && <Text size="sm" c="dimmed">{t('editor.kindFixed')}</Text>}
      <Text size="sm" c="dimmed">{t('editor.ownGoals')}</Text>
      {definition.streaks && <Levels definition={definition} change={change} />}
      {definition.trackingType === 'UNIFIED' && <Combination definition={definition} change={change} />}
      {definition.trackingType === 'CAPPING' && (
        <Select label={t('editor.capScope')} description={<ApiName name="capScope" />} data={['CUSTOMER', 'TRANSACTION'].map((one) => ({ value: one, label: word('capScope', one) }))} value={definition.capScope ?? 'CUSTOMER'} onChange={(one) => change({ ...definition, capScope: one as Definition['capScope'] })} allowDeselect={false} />
      )}
    </Stack>
  );
}

function Levels({ definition, change }: { definition: Definition; change: Change }) {
  const t = useText();
  const levels = definition.streaks ?? [];
  const set = (place: number, part: object) => change({ ...definition, streaks: levels.map((one, number) => (number === place ? { ...one, ...part } : one)) });
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>{t('editor.levels')}</Text>
      {levels.map((level, place) => (
        <Group key={place} gap="xs" wrap="nowrap">
          <TextInput aria-label={t('editor.levelNameLabel')} value={level.name ?? ''} onChange={(event) => set(place, { name: event.currentTarget.value })} flex={1} />
          <NumberInput aria-label={t('editor.levelCount')} value={level.targetCountOfSequence ?? 1} onChange={(value) => set(place, { targetCountOfSequence: Number(value) })} min={1} w={90} />
          <ActionIcon variant="default" size={34} aria-label={t('editor.removeLevel')} disabled={levels.length === 1} onClick={() => change({ ...definition, streaks: levels.filter((_, number) => number !== place) })}><IconX size={16} /></ActionIcon>
        </Group>
      ))}
      <Group gap="sm" align="flex-end">
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={() => { const next = (levels.at(-1)?.targetCountOfSequence ?? 0) + 4; change({ ...definition, streaks: [...levels, { name: t('editor.levelName', { count: next }), targetCountOfSequence: next }] }); }}>{t('editor.addLevel')}</Button>
        {definition.trackingType === 'STREAKS' && <NumberInput label={t('editor.freezes')} value={definition.streakFreezes?.max ?? 0} min={0} max={100} w={150} onChange={(value) => change({ ...definition, streakFreezes: Number(value) > 0 ? { ...definition.streakFreezes, max: Number(value) } : undefined })} />}
      </Group>
    </Stack>
  );
}

function Combination({ definition, change }: { definition: Definition; change: Change }) {
  const t = useText();
  const word = useWord();
  const whole = definition.unifiedTargetExpression ?? {};
  const set = (part: object) => {
    const merged = Object.fromEntries(Object.entries({ ...whole, ...part }).filter(([, value]) => value !== undefined && value !== null && value !== ''));
    change({ ...definition, unifiedTargetExpression: Object.keys(merged).length > 0 ? merged : undefined });
  };
  return (
    <Group gap="sm" align="flex-end">
      <Select label={t('editor.combination')} data={['ALL', 'ANY'].map((one) => ({ value: one, label: word('combination', one) }))} value={definition.combinationType ?? 'ALL'} onChange={(one) => change({ ...definition, combinationType: one as 'ALL', unifiedTargetExpression: one === 'ALL' ? { ...whole, minTargetsToAchieve: undefined } : { ...whole, minTargetsToAchieve: whole.minTargetsToAchieve ?? 1 } })} allowDeselect={false} />
      {definition.combinationType === 'ANY' && <NumberInput label={t('editor.minTargets')} value={whole.minTargetsToAchieve ?? 1} min={1} w={130} onChange={(value) => set({ minTargetsToAchieve: Number(value) })} />}
      <NumberInput label={t('editor.threshold')} value={whole.thresholdValue === undefined || whole.thresholdValue === null ? '' : Number(whole.thresholdValue)} min={0} w={150} hideControls onChange={(value) => set(value === '' ? { thresholdValue: undefined, aggregation: undefined } : { thresholdValue: Number(value), aggregation: whole.aggregation ?? 'SUM' })} />
    </Group>
  );
}
