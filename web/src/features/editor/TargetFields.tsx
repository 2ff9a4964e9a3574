import { ActionIcon, Button, Group, MultiSelect, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '../../ui/icons';
import { $api, type Schemas } from '../../api/client';
import { useText, useWord } from '../../i18n/text';
import { ConditionBuilder } from './ConditionBuilder';
import type { Definition, TargetDefinition } from './definition';

type FilterKind = Schemas['FilterKind'];
type Change = (change: Partial<TargetDefinition>) => void;

const MEASURES: Record<'usual' | 'cap', string[]> = {
  usual: [
    'TRANSACTION-SALES', 'TRANSACTION-GROSS_SALES', 'TRANSACTION-COUNT', 'TRANSACTION-VISIT', 'TRANSACTION-QUANTITY',
    'LINEITEM-SALES', 'LINEITEM-QUANTITY', 'LINEITEM-COUNT', 'EVENT-COUNT', 'EVENT-VISIT', 'POINTS-ALL_POINTS',
  ],
  cap: ['REWARDS-ALL_POINTS', 'REWARDS-REGULAR_POINTS', 'REWARDS-PROMOTIONAL_POINTS', 'TRANSACTION-SALES', 'LINEITEM-SALES'],
};

/** What counts, where, and on which condition. */
export function WhatCounts({ definition, target, change, named }: { definition: Definition; target: TargetDefinition; change: Change; named: boolean }) {
  const t = useText();
  const word = useWord();
  const measure = `${target.targetEntity}-${target.targetType}`;
  const known = MEASURES[definition.trackingType === 'CAPPING' ? 'cap' : 'usual'];
  const measures = known.includes(measure) ? known : [measure, ...known];
  return (
    <Stack gap="sm">
      {named && <TextInput label={t('editor.targetName')} value={target.name ?? ''} onChange={(event) => change({ name: event.currentTarget.value })} maxLength={200} required />}
      <Select
        label={t('editor.measure')}
        description={<ApiName name="targetEntity, targetType" />}
        data={measures.map((one) => ({ value: one, label: word('measure', one) }))}
        value={measure}
        onChange={(one) => {
          const [entity, kpi] = (one ?? measure).split('-');
          change({ targetEntity: entity as TargetDefinition['targetEntity'], targetType: kpi as TargetDefinition['targetType'], eventName: entity === 'EVENT' ? (target.eventName ?? '') : undefined, expression: entity === target.targetEntity ? target.expression : undefined });
        }}
        allowDeselect={false}
        searchable
      />
      {target.targetEntity === 'EVENT' && <TextInput label={t('editor.eventName')} value={target.eventName ?? ''} onChange={(event) => change({ eventName: event.currentTarget.value })} required />}
      <ConditionBuilder entity={target.targetEntity ?? 'TRANSACTION'} expression={String(target.expression ?? '')} change={(expression) => change({ expression: expression as never })} />
      <Places target={target} change={change} />
    </Stack>
  );
}

/** The name by which the API knows what a label says. */
export function ApiName({ name }: { name: string }) {
  return <code style={{ fontSize: 12 }}>{name}</code>;
}

function Places({ target, change }: { target: TargetDefinition; change: Change }) {
  const t = useText();
  const zones = $api.useQuery('get', '/api/v1/zones');
  const stores = $api.useQuery('get', '/api/v1/stores');
  const concepts = $api.useQuery('get', '/api/v1/concepts');
  const options = (kind: FilterKind, items: readonly { id: number; name: string; code: string }[] = []) =>
    items.map((one) => ({ value: `${kind}:${one.id}`, label: one.name || one.code }));
  const data = [
    { group: t('editor.zones'), items: options('ZONE', zones.data?.items) },
    { group: t('editor.stores'), items: options('STORE', stores.data?.items) },
    { group: t('editor.concepts'), items: options('CONCEPT', concepts.data?.items) },
  ].filter((one) => one.items.length > 0);
  if (data.length === 0) return null;
  const value = (target.filters ?? []).flatMap((one) => (one.entityIds ?? []).map((id) => `${one.entityType}:${id}`));
  const save = (chosen: string[]) => {
    const kinds = [...new Set(chosen.map((one) => one.split(':')[0]))] as FilterKind[];
    const filters = kinds.map((entityType) => ({ entityType, entityIds: chosen.filter((one) => one.startsWith(`${entityType}:`)).map((one) => Number(one.split(':')[1])) }));
    change({ filters: filters.length > 0 ? filters : undefined });
  };
  return <MultiSelect label={t('editor.places')} description={t('editor.placesAbout')} data={data} value={value} onChange={save} searchable clearable clearButtonProps={{ 'aria-label': t('clear') }} />;
}

/** The goal, the same in all periods or one for each, and marks on the way. */
export function HowMuch({ definition, target, change }: { definition: Definition; target: TargetDefinition; change: Change }) {
  const t = useText();
  const goals = target.defaultValues ?? [];
  const count = definition.periods?.length ?? definition.totalPeriods ?? 1;
  const each = goals.length > 1;
  const triggers = target.targetMilestoneTriggers ?? [];
  const setGoal = (place: number, value: number | string) =>
    change({ defaultValues: goals.map((one, number) => (number === place ? { defaultValue: value === '' ? 0 : Number(value) } : one)) });
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        {!each && <NumberInput label={t('editor.goal')} value={Number(goals[0]?.defaultValue ?? 0)} onChange={(value) => setGoal(0, value)} min={0} decimalScale={4} w={160} hideControls />}
        <Button size="xs" variant="default" mb={4} onClick={() => change({ defaultValues: each ? goals.slice(0, 1) : Array.from({ length: count }, () => ({ ...(goals[0] ?? { defaultValue: 100 }) })) })}>
          {each ? t('editor.sameGoal') : t('editor.eachGoal')}
        </Button>
      </Group>
      {each && (
        <Group gap="xs">
          {goals.map((one, place) => (
            <NumberInput key={place} label={definition.periods?.[place]?.refCode ?? t('editor.periodNumber', { number: place + 1 })} value={Number(one.defaultValue ?? 0)} onChange={(value) => setGoal(place, value)} min={0} decimalScale={4} w={104} hideControls />
          ))}
        </Group>
      )}
      {triggers.map((one, place) => {
        const set = (part: Partial<typeof one>) => change({ targetMilestoneTriggers: triggers.map((other, number) => (number === place ? { ...other, ...part } : other)) });
        return (
          <Group key={place} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput label={t('editor.markName')} value={one.triggerName ?? ''} onChange={(event) => set({ triggerName: event.currentTarget.value })} flex={1} />
            <NumberInput label={t('editor.markValue')} value={Number(one.triggerValue ?? 0)} onChange={(value) => set({ triggerValue: Number(value) })} w={100} min={0} hideControls />
            <Select aria-label={t('editor.markUnit')} data={[{ value: 'PERCENTAGE', label: '%' }, { value: 'ABSOLUTE', label: t('editor.absolute') }]} value={one.triggerValueType ?? 'PERCENTAGE'} onChange={(kind) => set({ triggerValueType: kind as 'PERCENTAGE' })} w={110} allowDeselect={false} />
            <ActionIcon variant="default" size={34} aria-label={t('editor.removeMark')} onClick={() => change({ targetMilestoneTriggers: triggers.length > 1 ? triggers.filter((_, number) => number !== place) : undefined })}><IconX size={16} /></ActionIcon>
          </Group>
        );
      })}
      {definition.trackingType !== 'CAPPING' && (
        <Button size="xs" variant="default" w="fit-content" leftSection={<IconPlus size={14} />} onClick={() => change({ targetMilestoneTriggers: [...triggers, { triggerName: '', triggerValueType: 'PERCENTAGE', triggerValue: 50, isActive: true }] })}>
          {t('editor.addMark')}
        </Button>
      )}
    </Stack>
  );
}

/** Who takes part in a target. */
export function WhoTakesPart({ target, change }: { target: TargetDefinition; change: Change }) {
  const t = useText();
  const word = useWord();
  const audiences = $api.useQuery('get', '/api/v1/audiences');
  const choices = audiences.data?.items ?? [];
  const methods = ['TRANSACTION', 'IMPORT', 'AUDIENCE_FILTER'];
  return (
    <Stack gap="sm">
      <Select
        label={t('editor.enrolment')}
        description={<ApiName name="enrolmentMethod" />}
        data={methods.map((one) => ({ value: one, label: word('enrolment', one), disabled: one === 'AUDIENCE_FILTER' && choices.length === 0 }))}
        value={target.enrolmentMethod ?? 'TRANSACTION'}
        onChange={(one) => change({ enrolmentMethod: one as TargetDefinition['enrolmentMethod'], targetAudienceFilter: one === 'AUDIENCE_FILTER' && choices[0] ? [{ audienceGroupId: choices[0].id, versionId: choices[0].versionId }] : undefined })}
        allowDeselect={false}
      />
      {choices.length === 0 && <Text size="sm" c="dimmed">{t('editor.noAudience')}</Text>}
      {target.enrolmentMethod === 'AUDIENCE_FILTER' && (
        <Select
          label={t('editor.audience')}
          data={choices.map((one) => ({ value: String(one.id), label: one.name }))}
          value={String(target.targetAudienceFilter?.[0]?.audienceGroupId ?? '')}
          onChange={(id) => {
            const chosen = choices.find((one) => String(one.id) === id);
            if (chosen) change({ targetAudienceFilter: [{ audienceGroupId: chosen.id, versionId: chosen.versionId }] });
          }}
          allowDeselect={false}
        />
      )}
    </Stack>
  );
}
