-- read_small_batch: the version, the standing, the claim and the stored event of each event of a small batch
select k.place - 1, o.version, s.body, s.head, c.customer_id, e.version, e.org_id, e.customer_id, e.source, e.event_id, e.name,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, (extract(epoch from e.received_at) * 1000000)::bigint,
    e.seq, e.content_hash, e.body, e.entries
from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(sources)b::text[], %(ids)b::text[],
    %(claim_buckets)b::int[], %(digests)b::bytea[]
) with ordinality as k (bucket, org_id, customer_id, source, event_id, claim_bucket, digest, place)
cross join lateral (select version from organisation where org_id = k.org_id) as o
left join lateral (
    select body, head from standing
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
) as s on true
left join lateral (
    select case when event_id is null then customer_id else -1 end as customer_id from event_claim
    where bucket = k.claim_bucket and org_id = k.org_id and digest = k.digest and occurrence = 0
) as c on true
left join lateral (
    select * from event
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
        and source = k.source and event_id = k.event_id
) as e on true;

-- write_small_batch: write the events of customers whose standing and version are as they were read; their positions
with k as (
    select * from unnest(
        %(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(befores)b::bytea[], %(afters)b::bytea[],
        %(heads)b::bytea[],
        %(claim_buckets)b::int[], %(digests)b::bytea[], %(sources)b::text[], %(ids)b::text[], %(names)b::text[],
        %(references)b::text[], %(occurred)b::bigint[], %(received)b::bigint[], %(seqs)b::bigint[],
        %(versions)b::bigint[], %(hashes)b::bytea[], %(bodies)b::text[], %(entries)b::text[], %(outcomes)b::text[]
    ) with ordinality as k (
        bucket, org_id, customer_id, before, after, head, claim_bucket, digest, source, event_id, name, reference,
        occurred_at, received_at, seq, version, content_hash, body, entries, outcomes, place
    )
),
held as materialized (
    select k.place, k.bucket, k.org_id, k.customer_id, k.after, k.head, k.claim_bucket, k.digest
    from k
    cross join lateral (
        select from standing
        where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id and body = k.before
        for update
    ) as s
    where (select version from organisation where org_id = k.org_id) = k.version
),
claimed as (
    insert into event_claim (bucket, org_id, digest, occurrence, customer_id)
    select claim_bucket, org_id, digest, 0, customer_id from held
    where digest <> ''
    order by claim_bucket, org_id, digest
    on conflict (bucket, org_id, digest, occurrence) do nothing
    returning org_id, digest
),
changed as (
    update standing as s set body = h.after, head = h.head
    from held as h
    where s.bucket = h.bucket and s.org_id = h.org_id and s.customer_id = h.customer_id
        and (h.digest = '' or (h.org_id, h.digest) in (select org_id, digest from claimed))
    returning h.place
),
logged as (
    insert into event (
        bucket, org_id, customer_id, source, event_id, name, reference, occurred_at, received_at, seq, version,
        content_hash, body, entries
    )
    select k.bucket, k.org_id, k.customer_id, k.source, k.event_id, k.name, k.reference,
        to_timestamp(k.occurred_at / 1000000.0), to_timestamp(k.received_at / 1000000.0), k.seq, k.version,
        k.content_hash, k.body, k.entries
    from changed join k on k.place = changed.place
),
told as (
    insert into outbox (bucket, org_id, customer_id, seq, body)
    select k.bucket, k.org_id, k.customer_id, k.seq, k.outcomes
    from changed join k on k.place = changed.place
    where k.outcomes is not null
)
select place - 1 from changed;
