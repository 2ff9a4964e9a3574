-- as_of_one_moment: have all statements of this transaction see the database as of one moment
set transaction isolation level repeatable read;

-- copy_digests: the numbers and digests of the events of some buckets, one row a log; digests.py says of what
copy (
    -- Rows are sorted before they are united: a sort within the aggregate costs a fifth more.
    select org_id, customer_id, string_agg(numbered, ''::bytea)
    from (
        select org_id, customer_id, int8send(seq) || sha256(
            int8send(seq) || int8send(version) || timestamptz_send(occurred_at)
            || int4send(length(content_hash)) || int4send(octet_length(source)) || int4send(octet_length(event_id))
            || int4send(octet_length(name)) || int4send(coalesce(octet_length(reference), -1))
            || int4send(octet_length(body)) || int4send(octet_length(entries)) || content_hash
            || convert_to(source || event_id || name || coalesce(reference, '') || body || entries, 'UTF8')
        ) as numbered
        from event
        where bucket >= %(first)s and bucket < %(past)s
            and (%(org_id)s::bigint is null or org_id = %(org_id)s::bigint)
            and (%(customer_id)s::bigint is null or customer_id = %(customer_id)s::bigint)
        order by org_id, customer_id, seq, source, event_id
    ) as e
    group by org_id, customer_id
) to stdout (format binary);

-- copy_erased_digests: the numbers and digests that are left of the events of erased customers of some buckets
copy (
    select org_id, customer_id, string_agg(numbered, ''::bytea)
    from (
        select org_id, customer_id, int8send(seq) || digest as numbered from erased_event
        where bucket >= %(first)s and bucket < %(past)s
        order by org_id, customer_id, seq
    ) as e
    group by org_id, customer_id
) to stdout (format binary);

-- chain_standings: the standings of some buckets, with the heads of their chains
select org_id, customer_id, body, head from standing where bucket >= %(first)s and bucket < %(past)s;

-- erased_heads: the heads of the chains of erased customers of some buckets
select org_id, customer_id, head from erased_chain where bucket >= %(first)s and bucket < %(past)s;

-- keep_erased_head: keep the head of the chain of a customer who is erased
insert into erased_chain (bucket, org_id, customer_id, head)
values (%(bucket)s, %(org_id)s, %(customer_id)s, %(head)s)
on conflict (bucket, org_id, customer_id) do update set head = excluded.head;

-- save_head: store the head of a customer's chain
update standing set head = %(head)s
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- heads_of_buckets: the heads of the chains of some buckets, also of erased customers; null where one was not computed;
-- a root holds none of sandboxes, because these are emptied at will
select bucket, org_id, customer_id, head from standing
where bucket >= %(first)s and bucket < %(past)s and org_id not in (select org_id from sandbox)
union all
select bucket, org_id, customer_id, head from erased_chain
where bucket >= %(first)s and bucket < %(past)s and org_id not in (select org_id from sandbox)
order by bucket, org_id, customer_id;

-- fresh_root_id: a new id for a root
select nextval('chain_root_id_seq');

-- add_leaves: add the ends of the chains of some buckets to a root
insert into chain_leaves (root_id, bucket, body)
select %(root_id)s, k.bucket, k.body from unnest(%(buckets)b::int[], %(bodies)b::bytea[]) as k (bucket, body);

-- leaves: the ends of the chains of some buckets that a root holds
select bucket, body from chain_leaves
where root_id = %(root_id)s and bucket >= %(first)s and bucket < %(past)s
order by bucket;

-- add_root: add a root after another one; nothing if another server was first
insert into chain_root (
    root_id, previous_id, made_at, customers, events, digest, signature, checked, broken, recomputed, differing
)
values (
    %(root_id)s, %(previous_id)s, to_timestamp(%(made_at)s::bigint / 1000000.0), %(customers)s, %(events)s, %(digest)s,
    %(signature)s, %(checked)s, %(broken)s, %(recomputed)s, %(differing)s
)
on conflict (previous_id) do nothing
returning root_id;

-- delete_other_leaves: delete what roots other than the latest hold
delete from chain_leaves where root_id < %(root_id)s;

-- delete_leaves: delete what a root holds that was not added
delete from chain_leaves where root_id = %(root_id)s;

-- roots_after: roots in order, from an id on
select root_id, previous_id, (extract(epoch from made_at) * 1000000)::bigint, customers, events, digest, signature,
    checked, broken, recomputed, differing
from chain_root where root_id >= %(root_id)s
order by root_id;

-- latest_root: the latest root
select root_id, previous_id, (extract(epoch from made_at) * 1000000)::bigint, customers, events, digest, signature,
    checked, broken, recomputed, differing
from chain_root order by root_id desc limit 1;
