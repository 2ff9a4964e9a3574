import type { Schemas } from '../../api/client';
import type { Definition } from './definition';

export type Backtest = Schemas['BacktestItem'];
const GOALS_MAX = 20;
const LEAST = 0.1;
const STEP = 0.1;

/** A number of at most two figures, so that a goal is one that somebody would choose. */
function round(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.max(1, Math.round(value / unit) * unit);
}

/** The goals that a back-test reads off in one run: from a tenth of the goal to twice, so that a slider needs no other. */
export function goalsAround(goal: number): number[] {
  const goals = Array.from({ length: GOALS_MAX }, (_, place) => round(goal * (LEAST + place * STEP)));
  return [...new Set(goals)].sort((left, right) => left - right);
}

/** What a goal would have meant in all periods together: exact figures of the run. */
export interface Reached {
  goal: number;
  achieved: number;
  enrolled: number;
  cost: number | null;
}

/** The figures of each goal that the run read off, for one target. */
export function reachedBy(backtest: Backtest, target: string, price: number | null): Reached[] {
  const sums = new Map<number, Reached>();
  for (const period of backtest.periods) {
    const result = period.draft?.targets.find((one) => one.name === target);
    for (const one of result?.goals ?? []) {
      const goal = Number(one.goal);
      const sum = sums.get(goal) ?? { goal, achieved: 0, enrolled: 0, cost: null };
      sum.achieved += one.achieved;
      sum.enrolled += result?.enrolled ?? 0;
      sums.set(goal, sum);
    }
  }
  return [...sums.values()]
    .map((one) => ({ ...one, cost: price === null ? null : price * one.achieved }))
    .sort((left, right) => left.goal - right.goal);
}

/** The single goal of a definition's target; null where periods have different ones. */
export function goalOf(definition: Definition, place = 0): number | null {
  const goals = definition.targets?.[place]?.defaultValues ?? [];
  return goals.length === 1 ? Number(goals[0].defaultValue ?? 0) : null;
}
