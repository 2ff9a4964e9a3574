import { $api } from '../../api/client';
import { useMay } from '../../app/session';
import { useText } from '../../i18n/text';
import { useRules } from '../groups/groups';

export interface AttentionItem {
  key: string;
  text: string;
  to?: string;
  search?: Record<string, string>;
}

const FAILED_FROM = 400;
const FAILED_LIMIT = 100;

/** What needs somebody: receivers that fail, messages given up, requests that failed, drafts that wait. */
export function useAttention(): { items: AttentionItem[]; pending: boolean } {
  const t = useText();
  const may = useMay();
  const webhooks = $api.useQuery('get', '/api/v1/webhooks', {}, { enabled: may('webhooks:read') });
  const queues = $api.useQuery('get', '/api/v1/queues', {}, { enabled: may('webhooks:read') });
  const requests = $api.useQuery(
    'get', '/api/v1/requests',
    { params: { query: { statusFrom: FAILED_FROM, limit: FAILED_LIMIT } } },
    { enabled: may('requests:read') },
  );
  const rules = useRules();
  const items: AttentionItem[] = [];
  for (const one of webhooks.data?.items ?? []) {
    const name = one.description || one.url;
    const to = `/webhooks/${one.id}`;
    if (!one.active && one.disabledReason) items.push({ key: `off-${one.id}`, text: t('attention.disabled', { name, reason: one.disabledReason }), to });
    else if (one.failures > 0) items.push({ key: `failing-${one.id}`, text: t('attention.failing', { name, count: one.failures, waiting: one.pending }), to, search: { state: 'PENDING' } });
    if (one.dead > 0) items.push({ key: `dead-${one.id}`, text: t('attention.dead', { name, count: one.dead }), to, search: { state: 'DEAD' } });
  }
  for (const one of queues.data?.items ?? []) {
    if (one.failure) items.push({ key: `queue-${one.id}`, text: t('attention.queue', { name: one.url, reason: one.failure }) });
    if (one.deadLetters > 0) items.push({ key: `letters-${one.id}`, text: t('attention.deadLetters', { name: one.url, count: one.deadLetters }) });
  }
  const failed = requests.data?.items.length ?? 0;
  if (failed > 0) {
    items.push({ key: 'requests', text: t('attention.requests', { count: failed, more: failed === FAILED_LIMIT ? 'yes' : 'no' }), to: '/requests', search: { show: 'failed' } });
  }
  for (const one of rules.data?.items ?? []) {
    if (one.draft) items.push({ key: `draft-${one.targetGroupId}`, text: t('attention.draft', { name: one.name }), to: `/groups/${one.targetGroupId}/edit` });
  }
  return { items, pending: [webhooks, queues, requests, rules].some((query) => query.isLoading) };
}
