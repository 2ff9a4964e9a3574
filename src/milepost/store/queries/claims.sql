-- add_claims: claim events for customers; the positions, from 0, of claims that stand already are returned
with k as (
    select * from unnest(
        %(buckets)b::int[], %(orgs)b::bigint[], %(digests)b::bytea[], %(occurrences)b::int[], %(customers)b::bigint[],
        %(dates)b::bigint[], %(ids)b::text[]
    ) with ordinality as k (bucket, org_id, digest, occurrence, customer_id, dated_at, event_id, place)
),
added as (
    insert into event_claim (bucket, org_id, digest, occurrence, customer_id, dated_at, event_id)
    select bucket, org_id, digest, occurrence, customer_id, to_timestamp(nullif(dated_at, -1) / 1000000.0), event_id
    from k order by place
    on conflict (bucket, org_id, digest, occurrence) do nothing
    returning bucket, org_id, digest, occurrence
)
select k.place - 1 from k
where not exists (
    select from added as a
    where a.bucket = k.bucket and a.org_id = k.org_id and a.digest = k.digest and a.occurrence = k.occurrence
);

-- claims: the claims to the events with these digests, with the digest's position from 0, each event's in order
select k.place - 1, c.occurrence, c.customer_id, (extract(epoch from c.dated_at) * 1000000)::bigint, c.event_id
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(digests)b::bytea[])
    with ordinality as k (bucket, org_id, digest, place)
cross join lateral (
    select occurrence, customer_id, dated_at, event_id from event_claim
    where bucket = k.bucket and org_id = k.org_id and digest = k.digest
) as c
order by k.place, c.occurrence;

-- logged_keys: the sources, ids, names and dates of the events of these customers, with what a webhook was told to call them
select e.org_id, e.customer_id, e.source, e.event_id, e.name, e.reference,
    (extract(epoch from e.occurred_at) * 1000000)::bigint,
    case when e.source = 'webhook' then e.body::jsonb -> 2 -> 'attributes' ->> 'uniqueId' end,
    case when e.source = 'webhook' then e.body::jsonb -> 2 -> 'attributes' ->> 'external_event_id' end
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[]) as k (bucket, org_id, customer_id)
cross join lateral (
    select * from event
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id and not name = any(%(but)b::text[])
) as e
order by e.bucket, e.org_id, e.customer_id, e.seq;

-- older_transactions: how many transactions that began before an instant have not ended
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and xact_start < %(at)s;

-- database_time: what time it is for the database
select clock_timestamp();

-- has_events: whether an organisation holds an event with another name than these
select exists (
    select from standing as s
    where s.org_id = %(org_id)s and exists (
        select from event as e
        where e.bucket = s.bucket and e.org_id = s.org_id and e.customer_id = s.customer_id
            and not e.name = any(%(but)b::text[])
    )
);

-- numbered_events: the ids and dates of the events with these ids, and of later ones that share a bill number with them
select k.place - 1, e.event_id, (extract(epoch from e.occurred_at) * 1000000)::bigint
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(sources)b::text[], %(ids)b::text[])
    with ordinality as k (bucket, org_id, customer_id, source, event_id, place)
cross join lateral (
    select event_id, occurred_at from event
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
        and source = k.source and event_id = k.event_id
    union all
    select event_id, occurred_at from event
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
        and source = k.source and starts_with(event_id, k.event_id || '#')
        and exists (
            select from event
            where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
                and source = k.source and event_id = k.event_id
        )
) as e
order by k.place, e.occurred_at;
