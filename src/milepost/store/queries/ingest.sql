-- ids_by_identifier: the customers with these identifiers
select i.org_id, i.kind, i.value, i.customer_id
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(kinds)b::text[], %(values)b::text[])
    as k (bucket, org_id, kind, value)
cross join lateral (
    select org_id, kind, value, customer_id from identity
    where bucket = k.bucket and org_id = k.org_id and kind = k.kind and value = k.value
) as i;

-- fresh_customer_ids: new ids for customers
select nextval('customer_id_seq') from generate_series(1, %(count)s);

-- reserve_identifiers: reserve identifiers for customers; identifiers that are taken are not returned
insert into identity (bucket, org_id, kind, value, customer_id)
select * from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(kinds)b::text[], %(values)b::text[], %(customers)b::bigint[])
on conflict (bucket, org_id, kind, value) do nothing
returning org_id, kind, value, customer_id;

-- add_customers: add the profiles of newly registered customers
insert into customer (bucket, org_id, customer_id, body)
select * from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(bodies)b::text[]);

-- add_standings: add an empty standing for newly registered customers
insert into standing (bucket, org_id, customer_id, body, head)
select k.bucket, k.org_id, k.customer_id, %(body)b::bytea, ''::bytea
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[]) as k (bucket, org_id, customer_id);

-- lock_standings: the standings of these customers, locked in the given order, with the key's position from 0
select k.place - 1, s.body, s.head
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[])
    with ordinality as k (bucket, org_id, customer_id, place)
cross join lateral (
    select body, head from standing
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
    for update
) as s;

-- lock_free_standings: as lock_standings, but without the standings that another transaction has locked
select k.place - 1, s.body, s.head
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[])
    with ordinality as k (bucket, org_id, customer_id, place)
cross join lateral (
    select body, head from standing
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
    for update skip locked
) as s;

-- standings: the standings of these customers, with the key's position from 0
select k.place - 1, s.body
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[])
    with ordinality as k (bucket, org_id, customer_id, place)
cross join lateral (
    select body from standing
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
) as s;

-- known_events: the stored events with these keys and their entries, with the key's position from 0
select k.place - 1, e.version, e.org_id, e.customer_id, e.source, e.event_id, e.name,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, (extract(epoch from e.received_at) * 1000000)::bigint,
    e.seq, e.content_hash, e.body, e.entries
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(sources)b::text[], %(ids)b::text[])
    with ordinality as k (bucket, org_id, customer_id, source, event_id, place)
cross join lateral (
    select * from event
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
        and source = k.source and event_id = k.event_id
) as e;

-- events_named: bills with this number, events of this source with this id, returns that name either, and the customer's
-- revisions, which say what these add since
with named as materialized (
    select e.*, k.name as by_name
    from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(sources)b::text[], %(names)b::text[])
        as k (bucket, org_id, customer_id, source, name)
    cross join lateral (
        select * from event
        where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id and reference = k.name
        union all
        select * from event
        where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
            and source = k.source and event_id = k.name
    ) as e
),
other as (
    select o.* from named as b
    cross join lateral (
        select * from event
        where bucket = b.bucket and org_id = b.org_id and customer_id = b.customer_id and reference = b.event_id
            and b.event_id <> b.by_name
        union all
        select * from event
        where bucket = b.bucket and org_id = b.org_id and customer_id = b.customer_id and reference = b.reference
            and b.reference <> b.by_name
        union all
        select * from event
        where bucket = b.bucket and org_id = b.org_id and customer_id = b.customer_id
            and source = b.source and event_id = b.reference and b.reference <> b.by_name
    ) as o
    where b.name = 'TransactionAdd'
),
revision as (
    select e.*
    from (select distinct * from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[])) as k (b, o, c)
    join event as e on e.bucket = k.b and e.org_id = k.o and e.customer_id = k.c and e.source = 'milepost/change'
)
select e.org_id, e.customer_id, e.source, e.event_id, e.name,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, (extract(epoch from e.received_at) * 1000000)::bigint,
    e.seq, e.content_hash, e.body, e.entries
from (
    select org_id, customer_id, source, event_id, name, occurred_at, received_at, seq, content_hash, body, entries
    from named
    union all
    select org_id, customer_id, source, event_id, name, occurred_at, received_at, seq, content_hash, body, entries
    from other
    union all
    select org_id, customer_id, source, event_id, name, occurred_at, received_at, seq, content_hash, body, entries
    from revision
) as e;

-- events_with_id: the events of each customer with this id, from any source
select e.org_id, e.customer_id, e.source, e.event_id, e.name,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, (extract(epoch from e.received_at) * 1000000)::bigint,
    e.seq, e.content_hash, e.body, e.entries
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(names)b::text[])
    as k (bucket, org_id, customer_id, name)
cross join lateral (
    select * from event
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id and event_id = k.name
) as e;

-- events_since: the corrections of each customer with their bills, and the customer's events from an instant on
select e.org_id, e.customer_id, e.source, e.event_id, e.name,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, (extract(epoch from e.received_at) * 1000000)::bigint,
    e.seq, e.content_hash, e.body, e.entries
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(sinces)b::bigint[])
    as k (bucket, org_id, customer_id, since)
cross join lateral (
    select * from event as e
    where e.bucket = k.bucket and e.org_id = k.org_id and e.customer_id = k.customer_id
        and (
            e.name in ('ReturnBill', 'EventReversed', 'milepost.AwardVoid')
            or e.occurred_at >= to_timestamp(k.since / 1000000.0)
            or e.name = 'TransactionAdd' and exists (
                select from event as r
                where r.bucket = k.bucket and r.org_id = k.org_id and r.customer_id = k.customer_id
                    and r.name = 'ReturnBill' and r.reference in (e.reference, e.event_id)
            )
        )
) as e;

-- histories: the archived progress of these customers
select h.org_id, h.customer_id, h.body
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[]) as k (bucket, org_id, customer_id)
cross join lateral (
    select org_id, customer_id, body from history
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
) as h;

-- profiles: the profiles of these customers
select c.org_id, c.customer_id, c.body
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[]) as k (bucket, org_id, customer_id)
cross join lateral (
    select org_id, customer_id, body from customer
    where bucket = k.bucket and org_id = k.org_id and customer_id = k.customer_id
) as c;

-- save_standings: store the standings of a batch
insert into standing (bucket, org_id, customer_id, body, head)
select * from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(bodies)b::bytea[], %(heads)b::bytea[]
)
on conflict (bucket, org_id, customer_id) do update set body = excluded.body, head = excluded.head;

-- save_history: store archived progress
insert into history (bucket, org_id, customer_id, target_id, period_id, body)
select * from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(targets)b::bigint[], %(periods)b::bigint[],
    %(bodies)b::bytea[]
)
on conflict (bucket, org_id, customer_id, target_id, period_id) do update set body = excluded.body;

-- append_events: add events with their entries to the log
insert into event (
    bucket, org_id, customer_id, source, event_id, name, reference, occurred_at, received_at, seq, version,
    content_hash, body, entries
)
select k.bucket, k.org_id, k.customer_id, k.source, k.event_id, k.name, k.reference,
    to_timestamp(k.occurred_at / 1000000.0), to_timestamp(k.received_at / 1000000.0), k.seq, k.version,
    k.content_hash, k.body, k.entries
from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(sources)b::text[], %(ids)b::text[],
    %(names)b::text[], %(references)b::text[], %(occurred)b::bigint[], %(received)b::bigint[], %(seqs)b::bigint[],
    %(versions)b::bigint[], %(hashes)b::bytea[], %(bodies)b::text[], %(entries)b::text[]
) as k (
    bucket, org_id, customer_id, source, event_id, name, reference, occurred_at, received_at, seq, version,
    content_hash, body, entries
);

-- copy_events: add many events to the log; store/wire/copy_rows.py packs the columns in this order
copy event (
    bucket, org_id, customer_id, occurred_at, received_at, seq, version, content_hash, source, event_id, name,
    reference, body, entries
) from stdin (format binary);

-- append_outbox: add outcomes for delivery
insert into outbox (bucket, org_id, customer_id, seq, body)
select * from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(seqs)b::bigint[], %(bodies)b::text[]
);

-- move_identifiers: move identifiers from one customer to another
update identity as i set customer_id = %(into)s
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(kinds)b::text[], %(values)b::text[])
    as k (bucket, org_id, kind, value)
where i.bucket = k.bucket and i.org_id = k.org_id and i.kind = k.kind and i.value = k.value
    and i.customer_id = %(customer_id)s;

-- release_identifiers: release identifiers of a customer; those that the customer had are returned
delete from identity as i
using unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(kinds)b::text[], %(values)b::text[])
    as k (bucket, org_id, kind, value)
where i.bucket = k.bucket and i.org_id = k.org_id and i.kind = k.kind and i.value = k.value
    and i.customer_id = %(customer_id)s
returning i.org_id, i.kind, i.value;

-- save_profile: replace a customer's profile
update customer set body = %(body)s, hidden = %(hidden)s
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- find_customer: a customer's profile, standing and archived progress, with the organisation's present version
select o.version, c.body, s.body, (
    select array_agg(h.body) from history as h
    where h.bucket = s.bucket and h.org_id = s.org_id and h.customer_id = s.customer_id
)
from standing as s
join customer as c on c.bucket = s.bucket and c.org_id = s.org_id and c.customer_id = s.customer_id
join organisation as o on o.org_id = s.org_id
where s.bucket = %(bucket)s and s.org_id = %(org_id)s and s.customer_id = %(customer_id)s;

-- log_of_customer: all events of a customer in the order in which they were applied
select e.org_id, e.customer_id, e.source, e.event_id, e.name,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, (extract(epoch from e.received_at) * 1000000)::bigint,
    e.seq, e.content_hash, e.body, e.entries, e.version
from event as e
where e.bucket = %(bucket)s and e.org_id = %(org_id)s and e.customer_id = %(customer_id)s
order by e.seq;

-- recent_events: the latest events of an organisation that were received within a span, without those of one source
select e.org_id, e.customer_id, e.source, e.event_id, e.name,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, (extract(epoch from e.received_at) * 1000000)::bigint,
    e.seq, e.content_hash, e.body, e.entries, e.version
from event as e
where e.org_id = %(org_id)s and e.received_at >= to_timestamp(%(since)s / 1000000.0)
    and e.received_at < to_timestamp(%(until)s / 1000000.0) and e.source <> %(left_out)s
order by e.received_at desc, e.seq desc, e.bucket, e.customer_id
limit %(limit)s;

-- standings_of_buckets: the standings of an organisation in a span of buckets, each with its archived rows of some targets
select s.body, (
    select array_agg(h.body) from history as h
    where h.bucket = s.bucket and h.org_id = s.org_id and h.customer_id = s.customer_id
        and h.target_id = any(%(targets)b::bigint[])
)
from standing as s
where s.bucket >= %(first)s and s.bucket < %(last)s and s.org_id = %(org_id)s;

-- rewrite_events: replace the texts and entries of a customer's events
update event as e set body = k.body, entries = k.entries
from unnest(%(sources)b::text[], %(ids)b::text[], %(bodies)b::text[], %(entries)b::text[])
    as k (source, event_id, body, entries)
where e.bucket = %(bucket)s and e.org_id = %(org_id)s and e.customer_id = %(customer_id)s
    and e.source = k.source and e.event_id = k.event_id;

-- clear_history: delete the archived progress of a customer
delete from history where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- customer_ids_after: the customer ids of an organisation that are greater than an id, in order
select customer_id from standing
where org_id = %(org_id)s and customer_id > %(after)s
order by customer_id
limit %(limit)s;

-- stored_bytes: the stored bytes of a customer: the standing, and the archived progress in key order
select s.body, (
    select array_agg(h.body order by h.target_id, h.period_id) from history as h
    where h.bucket = s.bucket and h.org_id = s.org_id and h.customer_id = s.customer_id
)
from standing as s
where s.bucket = %(bucket)s and s.org_id = %(org_id)s and s.customer_id = %(customer_id)s;

-- drawn_customers: so many customers, from one that is drawn on, and from the first again behind the last
with start as materialized (select (random() * 4095)::int as bucket, random() as share),
place as materialized (
    select bucket, floor(share * (select count(*) from standing as s where s.bucket = start.bucket))::bigint as skipped
    from start
)
(
    select bucket, org_id, customer_id from standing
    where bucket >= (select bucket from place)
    order by bucket, org_id, customer_id
    offset (select skipped from place) limit %(count)s
)
union
(
    select bucket, org_id, customer_id from standing
    where bucket <= (select bucket from place)
    order by bucket, org_id, customer_id
    limit %(count)s
)
limit %(count)s;
