import type { Schemas } from '../../api/client';

export type Definition = Schemas['GroupBody'];
export type TargetDefinition = Schemas['TargetBody'];
type GroupAnswer = Schemas['TargetGroupAnswer'] | Schemas['CreatedGroupAnswer'];
type TargetAnswer = Schemas['TargetAnswer'];

export const CALENDAR = 'FIXED_CALENDAR_WINDOW';

/** The definition that a group was made by, without ids and stamps: what can be sent again. */
export function definitionOf(group: GroupAnswer): Definition {
  const calendar = group.targetEvaluationType === CALENDAR;
  return pruned({
    name: group.name,
    description: group.description,
    active: group.active,
    preferredTillId: group.preferredTillId,
    trackingType: group.trackingType,
    targetEvaluationType: group.targetEvaluationType,
    timeZoneName: group.timeZoneName,
    totalPeriods: group.totalPeriods,
    frequencyType: group.frequencyType === 'CUSTOM' && calendar ? undefined : group.frequencyType,
    frequency: calendar ? undefined : group.frequency,
    recurringCycles: calendar ? undefined : group.recurringCycles,
    targetCycleStartDateISO: calendar ? undefined : group.targetCycleStartDateISO,
    targetCycleEndDateISO: calendar ? undefined : group.targetCycleEndDateISO,
    leaderboardEnabled: group.leaderboardEnabled,
    periods: group.periods?.map((one) =>
      pruned({
        refCode: one.refCode,
        startDate: calendar ? one.startDate : undefined,
        endDate: calendar ? one.endDate : undefined,
        description: one.description,
        active: one.active ? undefined : false,
      }),
    ),
    targets: group.targets?.map(targetOf),
    streaks: group.streaks?.length ? group.streaks.map(({ name, targetCountOfSequence }) => ({ name, targetCountOfSequence })) : undefined,
    streakFreezes: group.streakFreezes as Definition['streakFreezes'],
    combinationType: group.combinationType as Definition['combinationType'],
    unifiedTargetExpression: group.unifiedTargetExpression && pruned({
      aggregation: group.unifiedTargetExpression.aggregation,
      thresholdValue: group.unifiedTargetExpression.thresholdValue as number | undefined,
      minTargetsToAchieve: group.unifiedTargetExpression.minTargetsToAchieve,
    }),
    capScope: group.capScope as Definition['capScope'],
  });
}

function targetOf(target: TargetAnswer): TargetDefinition {
  const goals = (target.defaultValues ?? []).map((one) => one.defaultValue);
  const same = goals.every((one) => one === goals[0]);
  return pruned({
    name: target.name,
    description: target.description,
    active: target.active ? undefined : false,
    targetEntity: target.targetEntity,
    targetType: target.targetType,
    eventName: target.targetEntity === 'EVENT' ? target.eventName : undefined,
    expression: target.expression === 'true' ? undefined : target.expression,
    filters: target.filters?.length ? target.filters : undefined,
    enrolmentMethod: target.enrolmentMethod,
    defaultValues: (same ? goals.slice(0, 1) : goals).map((defaultValue) => ({ defaultValue })),
    extendedFieldInfo: target.extendedFieldInfo as TargetDefinition['extendedFieldInfo'],
    targetAudienceFilter: target.targetAudienceFilter?.map(({ audienceGroupId, versionId }) => ({ audienceGroupId, versionId })),
    targetMilestoneTriggers: target.targetMilestoneTriggers?.length
      ? target.targetMilestoneTriggers.map(({ triggerName, triggerValueType, triggerValue, isActive }) => ({
          triggerName,
          triggerValueType: triggerValueType as 'PERCENTAGE' | 'ABSOLUTE',
          triggerValue,
          isActive,
        }))
      : undefined,
  }) as TargetDefinition;
}

/** An object without fields that are undefined, null or empty. */
function pruned<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== null && one !== '')) as Value;
}

/** A target as it is before anybody chose anything. */
export function blankTarget(name: string): TargetDefinition {
  return { name, targetEntity: 'TRANSACTION', targetType: 'SALES', enrolmentMethod: 'TRANSACTION', defaultValues: [{ defaultValue: 100 }] };
}

/** A group that begins with the next month of *zone* after *now*. */
export function blankDefinition(now: string, zone: string): Definition {
  const [year, month] = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit' }).format(new Date(now)).split('-').map(Number);
  const first = month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`;
  return {
    name: '',
    trackingType: 'DEFAULT',
    targetEvaluationType: CALENDAR,
    preferredTillId: 0,
    timeZoneName: zone,
    totalPeriods: 12,
    frequencyType: 'MONTHLY',
    frequency: 1,
    targetCycleStartDate: first,
    leaderboardEnabled: false,
    targets: [blankTarget('')],
  };
}

/** The definition with a change of one of its targets. */
export function withTarget(definition: Definition, place: number, change: Partial<TargetDefinition>): Definition {
  return { ...definition, targets: (definition.targets ?? []).map((one, number) => (number === place ? { ...one, ...change } : one)) };
}

/** A target with the name of the group: most groups have one target, and its name is the group's. */
export function withName(definition: Definition, name: string): Definition {
  const [only, ...others] = definition.targets ?? [];
  const follows = only && others.length === 0 && (only.name === definition.name || !only.name);
  return { ...definition, name, targets: follows ? [{ ...only, name }] : definition.targets };
}
