import { api } from '../api/client';

export interface FoundCustomer {
  id: number;
  name: string;
  details: string;
}

type Kind = 'externalId' | 'mobile' | 'email' | 'cardnumber' | 'cardExternalId';

/** The kinds of identifier that a text may be. Spaces and signs of a telephone number do not matter. */
export function kindsOf(text: string): [Kind, string][] {
  const typed = text.trim();
  if (typed.includes('@')) return [['email', typed]];
  const digits = typed.replace(/[\s()/.-]/g, '').replace(/^\+|^00/, '');
  const kinds: [Kind, string][] = [['externalId', typed], ['cardnumber', typed], ['cardExternalId', typed]];
  return /^\d{6,15}$/.test(digits) ? [...kinds, ['mobile', digits]] : kinds;
}

/** The customers whom any identifier names: an id of ours, or one of the shop's. */
export async function findCustomers(text: string): Promise<FoundCustomer[]> {
  const asked = kindsOf(text).map(async ([kind, value]) => {
    const answer = await api.GET('/api/v1/customers', { params: { query: { [kind]: value } } });
    return (answer.data?.items ?? []).map((one) => one.id);
  });
  if (/^\d{1,18}$/.test(text.trim())) asked.push(Promise.resolve([Number(text.trim())]));
  const answers = await Promise.allSettled(asked);
  const ids = new Set(answers.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])));
  const details = await Promise.allSettled([...ids].map((id) => customerById(id)));
  return details.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []));
}

async function customerById(id: number): Promise<FoundCustomer | null> {
  const { data } = await api.GET('/v2/customers/{customer_id}', { params: { path: { customer_id: id } } });
  const profile = data?.profiles[0];
  if (!data || !profile) return null;
  return {
    id: data.id,
    name: [profile.firstName, profile.lastName].filter(Boolean).join(' ') || `#${data.id}`,
    details: profile.identifiers.map((one) => one.value).join(' · '),
  };
}

const RECENT = 'milepost-recent-customers';
const RECENT_MAX = 10;

/** The customers who were looked at last in this browser. */
export function recentCustomers(): FoundCustomer[] {
  try {
    return JSON.parse(localStorage.getItem(RECENT) ?? '[]') as FoundCustomer[];
  } catch {
    return [];
  }
}

/** Remember that a customer was looked at. The identifiers stay on the server. */
export function rememberCustomer(found: FoundCustomer): void {
  const others = recentCustomers().filter((one) => one.id !== found.id);
  const kept = [{ id: found.id, name: found.name, details: '' }, ...others].slice(0, RECENT_MAX);
  localStorage.setItem(RECENT, JSON.stringify(kept));
}

/** Forget all customers who were looked at, as whoever signs out expects. */
export function forgetCustomers(): void {
  localStorage.removeItem(RECENT);
}
