import { $api, type Schemas } from '../../api/client';
import { useLanguage } from '../../i18n/Language';

export type TargetGroup = Schemas['TargetGroupAnswer'];
export type GroupRules = Schemas['GroupRulesItem'];
export type Period = Schemas['PeriodAnswer'];

/** All target groups with their periods and targets, without the goals that customers set. */
export function useGroups() {
  return $api.useQuery('get', '/v3/targetGroups', {
    params: { query: { includePeriods: true, includeUserCreatedTargetGroups: true } },
  });
}

/** The rules of all target groups in words, drafts included. */
export function useRules() {
  const { language } = useLanguage();
  return $api.useQuery('get', '/api/v1/targetGroups/rules', { params: { query: { language } } });
}

/** The state of a group: STOPPED, or that of its periods. */
export function stateOf(group: TargetGroup): string {
  if (!group.active) return 'STOPPED';
  const states = (group.periods ?? []).filter((one) => one.active).map((one) => one.periodStatus);
  if (group.targetEvaluationType !== 'FIXED_CALENDAR_WINDOW' || states.length === 0) return 'RUNNING';
  if (states.includes('RUNNING')) return 'RUNNING';
  if (states.includes('NOT_STARTED')) return 'NOT_STARTED';
  return 'ENDED';
}

/** The period that runs now, if the group has periods of the calendar. */
export function runningPeriod(group: TargetGroup): Period | undefined {
  return group.periods?.find((one) => one.periodStatus === 'RUNNING' && one.active);
}

/** Which period of how many the running one is. */
export function placeOf(group: TargetGroup, period: Period): number {
  return (group.periods ?? []).findIndex((one) => one.id === period.id) + 1;
}
