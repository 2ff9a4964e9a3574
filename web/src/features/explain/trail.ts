import type { Schemas } from '../../api/client';

export type Explanation = Schemas['Explanation'];
export type EventRef = Schemas['EventRef'];
export type ConditionPart = Schemas['ConditionPartItem'];

/** A row of the trail: an event that changed the value, or one that did not count. */
export interface TrailRow {
  key: string;
  event: EventRef;
  counted: boolean;
  reason: string;
  sentence: string;
  amount?: number;
  sum?: number;
  version: number;
  elsewhere: boolean;
  late: boolean;
  parameters?: Schemas['ReasonParameters'];
}

export type TrailFilter = 'period' | 'counted' | 'notCounted' | 'reversed' | 'late' | 'all';
export const FILTERS: TrailFilter[] = ['period', 'counted', 'notCounted', 'reversed', 'late', 'all'];

const LATE_MS = 24 * 3_600_000;

function isLate(event: EventRef): boolean {
  return Date.parse(event.receivedAt) - Date.parse(event.occurredAt) > LATE_MS;
}

/** All rows in the order of time. */
export function trailOf(explanation: Explanation): TrailRow[] {
  const counted = explanation.counted.map((one, place) => ({
    key: `counted-${place}`, event: one.event, counted: true, reason: one.reason, sentence: one.sentence,
    amount: one.amount, sum: one.sum, version: one.version, elsewhere: false, late: isLate(one.event),
  }));
  const others = explanation.notCounted.map((one, place) => ({
    key: `other-${place}`, event: one.event, counted: false, reason: one.reason, sentence: one.sentence,
    version: one.version, elsewhere: one.reason === 'OUTSIDE_PERIOD', late: isLate(one.event), parameters: one.parameters,
  }));
  return [...counted, ...others].sort((left, right) => Date.parse(left.event.occurredAt) - Date.parse(right.event.occurredAt));
}

/** Whether a row is shown with a filter. */
export function passes(row: TrailRow, filter: TrailFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'period':
      return !row.elsewhere;
    case 'counted':
      return row.counted;
    case 'notCounted':
      return !row.counted && !row.elsewhere;
    case 'reversed':
      return row.counted && (row.amount ?? 0) < 0;
    case 'late':
      return row.late;
  }
}
