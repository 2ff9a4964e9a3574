import { useSyncExternalStore } from 'react';

/** A request of the pages, as the drawer shows it. */
export interface ApiCall {
  method: string;
  path: string;
  body?: string;
}

const KEPT = 5;
const SECRET_FIELDS = /"(password|link|secret)"\s*:\s*"[^"]*"/g;
let writes: readonly ApiCall[] = [];
const listeners = new Set<() => void>();

/** Remember a request that changed something, without passwords. */
export function note(method: string, url: URL, body: string): void {
  const shown = body.replace(SECRET_FIELDS, '"$1":"…"');
  writes = [{ method, path: url.pathname + url.search, body: shown || undefined }, ...writes].slice(0, KEPT);
  listeners.forEach((call) => call());
}

/** The requests that changed something, the latest first. */
export function useWrites(): readonly ApiCall[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => writes,
  );
}

/** A request as a line for a terminal; who sends it puts a till's login into TILL. */
export function curlOf(call: ApiCall, origin: string): string {
  const method = call.method === 'GET' || (call.method === 'POST' && call.body) ? '' : `-X ${call.method} `;
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const body = call.body ? ` \\\n  -H 'Content-Type: application/json' -d ${quoted(call.body)}` : '';
  return `curl -u "$TILL" ${method}${quoted(origin + call.path)}${body}`;
}

interface Init {
  params?: { path?: Record<string, unknown>; query?: Record<string, unknown> };
}

/** The request behind a key of a query: method, path and its parameters. */
export function callOf(key: readonly unknown[]): ApiCall | null {
  const [method, template, init] = key as [unknown, unknown, Init | undefined];
  if (typeof method !== 'string' || typeof template !== 'string' || !template.startsWith('/')) return null;
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(init?.params?.path?.[name])));
  const query = Object.entries(init?.params?.query ?? {}).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(query.map(([name, value]) => [name, String(value)])).toString();
  return { method: method.toUpperCase(), path: path + (search ? `?${search}` : '') };
}
