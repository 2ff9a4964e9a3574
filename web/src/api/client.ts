import { QueryClient } from '@tanstack/react-query';
import createClient, { type Middleware } from 'openapi-fetch';
import createHooks from 'openapi-react-query';
import type { components, paths } from './schema';
import { note } from './writes';

export type Schemas = components['schemas'];

/** What the server said about a request that failed; `problems` are its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problems: { path: string; reason: string }[],
    readonly requestId: string | null,
  ) {
    super(problems.map((one) => (one.path ? `${one.path}: ${one.reason}` : one.reason)).join('; ') || `HTTP ${status}`);
  }
}

let csrfToken: string | null = null;

/** Keep the token that requests which change something must carry. */
export function rememberToken(token: string | null): void {
  csrfToken = token;
}

interface Failure {
  problems?: { path: string; reason: string }[];
  errors?: { message: string }[];
}

async function problemsOf(response: Response): Promise<{ path: string; reason: string }[]> {
  try {
    const body = (await response.clone().json()) as Failure;
    return body.problems ?? (body.errors ?? []).map((one) => ({ path: '', reason: one.message }));
  } catch {
    return [];
  }
}

const middleware: Middleware = {
  async onRequest({ request }) {
    if (request.method !== 'GET') {
      if (csrfToken) request.headers.set('X-CSRF-Token', csrfToken);
      note(request.method, new URL(request.url), await request.clone().text());
    }
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return response;
    throw new ApiError(response.status, await problemsOf(response), response.headers.get('x-request-id'));
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' });
api.use(middleware);

/** Hooks of TanStack Query for every path of the document. */
export const $api = createHooks(api);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});
