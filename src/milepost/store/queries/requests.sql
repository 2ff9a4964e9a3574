-- add_requests: add answered requests
insert into answered_request (
    answered_at, org_id, login, method, route, status, milliseconds, events, request_id, address
)
select to_timestamp(k.answered / 1000000.0), k.org_id, k.login, k.method, k.route, k.status, k.milliseconds, k.events,
    k.request_id, k.address
from unnest(
    %(answered)s::bigint[], %(orgs)s::bigint[], %(logins)s::text[], %(methods)s::text[], %(routes)s::text[],
    %(statuses)s::int[], %(milliseconds)s::int[], %(events)s::int[], %(ids)s::text[], %(addresses)s::text[]
) as k (answered, org_id, login, method, route, status, milliseconds, events, request_id, address);

-- delete_requests: delete the requests that were answered before an instant
delete from answered_request where answered_at < to_timestamp(%(before)s::bigint / 1000000.0);

-- requests: the answered requests of an organisation, latest first, from before a number and with at least a status
select
    number, (extract(epoch from answered_at) * 1000000)::bigint, org_id, login, method, route, status, milliseconds,
    events, request_id, address
from answered_request
where org_id = %(org_id)s and number < %(before)s and status >= %(status)s
order by number desc
limit %(limit)s;
