import { $api, rememberToken, type Schemas } from '../api/client';

export type Scope = Schemas['AccessScope'];

/** Who is signed in; undefined while that is asked, and an error of status 401 where nobody is. */
export function useSession() {
  const query = $api.useQuery('get', '/api/v1/session', {}, { staleTime: 60_000, retry: false });
  if (query.data) rememberToken(query.data.csrfToken);
  return query;
}

/** Whether whoever is signed in has a scope. */
export function useMay(): (scope: Scope) => boolean {
  const { data } = useSession();
  return (scope) => data?.scopes.includes(scope) ?? false;
}

/** The organisation, with its zone and the time on the server's clock. */
export function useOrganisation(): Schemas['OrganisationItem'] | undefined {
  return $api.useQuery('get', '/api/v1/organisation', {}, { staleTime: 30_000 }).data;
}
