import { $api, type Schemas } from '../../api/client';

export type Progress = Schemas['ProgressItem'];
export type GroupProgress = Schemas['GroupItem'];
export type TargetProgress = Schemas['TargetItem'];
export type PeriodProgress = Schemas['PeriodItem'];

/** A customer's profile, as the vendor's API shows it. */
export function useCustomer(id: number) {
  return $api.useQuery('get', '/v2/customers/{customer_id}', { params: { path: { customer_id: id } } });
}

/** A customer's progress in everything that concerns them. */
export function useProgress(id: number) {
  return $api.useQuery('get', '/api/v1/customers/{customer_id}/progress', { params: { path: { customer_id: id } } });
}

/** The name of a customer; the id where there is none. */
export function nameOf(customer: Schemas['DetailsAnswer'] | undefined, id: number): string {
  const profile = customer?.profiles[0];
  return [profile?.firstName, profile?.lastName].filter(Boolean).join(' ') || `#${id}`;
}

/** The period of a target that a person asks about: the running one, or the one that ended last. */
export function currentPeriod(target: TargetProgress, running: readonly number[]): PeriodProgress | undefined {
  return (
    target.periods.find((one) => running.includes(one.id)) ??
    target.periods.find((one) => one.status === 'RUNNING') ??
    target.periods.filter((one) => one.status === 'ENDED').at(-1) ??
    target.periods[0]
  );
}
