-- hold_relays: lock groups of buckets, so that nothing of their outbox becomes a message until this transaction ends
select relay_id from relay where relay_id = any(%(relays)b::int[]) order by relay_id for update;

-- hold_recoveries: lock the jobs that find messages again, so that they write none until this transaction ends
select job_id from job
where org_id = %(org_id)s and kind = %(kind)s and done_at is null
order by job_id
for update;

-- erase_events: delete the events of a customer, and keep a number and a digest of each
with erased as (
    insert into erased_event (bucket, org_id, customer_id, seq, version, digest)
    select %(bucket)s, %(org_id)s, %(customer_id)s, k.seq, k.version, k.digest
    from unnest(%(seqs)b::bigint[], %(versions)b::bigint[], %(digests)b::bytea[]) as k (seq, version, digest)
)
delete from event where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- erase_claims: take what names a bill out of the claims to a customer's events; the digest keeps them from counting again
update event_claim as c set event_id = null
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(digests)b::bytea[]) as k (bucket, org_id, digest)
where c.bucket = k.bucket and c.org_id = k.org_id and c.digest = k.digest and c.customer_id = %(customer_id)s
    and c.event_id is not null;

-- erase_identifiers: release the identifiers of a customer
delete from identity as i
using unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(kinds)b::text[], %(values)b::text[])
    as k (bucket, org_id, kind, value)
where i.bucket = k.bucket and i.org_id = k.org_id and i.kind = k.kind and i.value = k.value
    and i.customer_id = any(%(customers)b::bigint[]);

-- erase_customer: delete the profile of a customer
delete from customer where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- erase_standing: delete the standing of a customer
delete from standing where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- erase_change_effects: delete what previews of changes found about a customer
delete from change_effect where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- erase_outbox: delete the outcomes of a customer that wait to be told
delete from outbox where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- hold_deliveries: lock the deliveries about a customer, so that no sender adds an attempt
select delivery_id from delivery
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s
order by delivery_id
for update;

-- erase_attempts: delete the attempts of these deliveries
delete from attempt
where bucket = %(bucket)s and org_id = %(org_id)s and delivery_id = any(%(deliveries)b::bigint[]);

-- erase_deliveries: delete the deliveries about a customer
delete from delivery where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- erase_delivery_numbers: delete the last numbers of a customer's messages
delete from delivery_number where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- erase_feed: delete the messages about a customer from the feed
delete from feed
where relay_id = %(relay_id)s and org_id = %(org_id)s
    and body::json -> 'data' -> 'customer' ->> 'id' = %(customer_id)s::text;

-- record_erasure: record that a customer of a known organisation was erased, unless it is recorded
insert into erasure (org_id, customer_id, erased_at, reference, events)
select org_id, %(customer_id)s, to_timestamp(%(erased_at)s::bigint / 1000000.0), %(reference)s, %(events)s
from organisation where org_id = %(org_id)s
on conflict (org_id, customer_id) do nothing;

-- erasure: the record of a customer's erasure
select org_id, customer_id, (extract(epoch from erased_at) * 1000000)::bigint, reference, events
from erasure where org_id = %(org_id)s and customer_id = %(customer_id)s;

-- erasures: the records of erasures of one organisation, or of all, in order
select org_id, customer_id, (extract(epoch from erased_at) * 1000000)::bigint, reference, events
from erasure where %(org_id)s::bigint is null or org_id = %(org_id)s::bigint
order by org_id, customer_id;

-- pass_customer_ids: deal no customer id again up to an id
select setval('customer_id_seq', greatest(last_value, %(id)s)) from customer_id_seq;

-- audiences_of: the audiences of which a customer is a member now, by name, with the instant of entry
select a.audience_id, a.name, (extract(epoch from m.entered_at) * 1000000)::bigint
from audience_member as m
join audience_version as v on v.org_id = m.org_id and v.version_id = m.version_id
join audience as a on a.org_id = v.org_id and a.audience_id = v.audience_id
where m.bucket = %(bucket)s and m.org_id = %(org_id)s and m.customer_id = %(customer_id)s and a.deleted_at is null
order by a.audience_id, v.version_id;

-- messages_of: the messages about a customer that webhooks got or are to get, in order
select webhook_id, message_id, type, state, (extract(epoch from created_at) * 1000000)::bigint, body
from delivery
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s
order by delivery_id;
