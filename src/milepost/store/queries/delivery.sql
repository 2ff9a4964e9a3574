-- webhooks_of: the webhooks of an organisation in the order of their ids
select org_id, webhook_id, body, secrets, since_version, is_active, disabled_reason, failures,
    (extract(epoch from failing_since) * 1000000)::bigint, (extract(epoch from open_until) * 1000000)::bigint,
    (extract(epoch from created_at) * 1000000)::bigint, (extract(epoch from changed_at) * 1000000)::bigint
from webhook where org_id = %(org_id)s order by webhook_id;

-- lock_webhook: a webhook, locked until the transaction ends, and when its rate next allows an attempt
select org_id, webhook_id, body, secrets, since_version, is_active, disabled_reason, failures,
    (extract(epoch from failing_since) * 1000000)::bigint, (extract(epoch from open_until) * 1000000)::bigint,
    (extract(epoch from created_at) * 1000000)::bigint, (extract(epoch from changed_at) * 1000000)::bigint,
    (extract(epoch from free_at) * 1000000)::bigint
from webhook where org_id = %(org_id)s and webhook_id = %(webhook_id)s
for update;

-- webhooks_at: the active webhooks whose address ends so
select org_id, webhook_id, body, secrets, since_version, is_active, disabled_reason, failures,
    (extract(epoch from failing_since) * 1000000)::bigint, (extract(epoch from open_until) * 1000000)::bigint,
    (extract(epoch from created_at) * 1000000)::bigint, (extract(epoch from changed_at) * 1000000)::bigint
from webhook where is_active and right(body::json ->> 'url', length(%(ending)s)) = %(ending)s
order by webhook_id limit 20;

-- fresh_webhook_id: a new id for a webhook
select nextval('webhook_id_seq');

-- save_webhook: add a webhook, or replace what was asked for and its state
insert into webhook (
    org_id, webhook_id, body, secrets, since_version, is_active, disabled_reason, failures, failing_since, open_until,
    created_at, changed_at
)
values (
    %(org_id)s, %(webhook_id)s, %(body)s, %(secrets)s, %(since_version)s, %(is_active)s, %(disabled_reason)s,
    %(failures)s, to_timestamp(%(failing_since)s::bigint / 1000000.0), to_timestamp(%(open_until)s::bigint / 1000000.0),
    to_timestamp(%(created_at)s::bigint / 1000000.0), to_timestamp(%(changed_at)s::bigint / 1000000.0)
)
on conflict (org_id, webhook_id) do update set body = excluded.body, secrets = excluded.secrets,
    is_active = excluded.is_active, disabled_reason = excluded.disabled_reason, failures = excluded.failures,
    failing_since = excluded.failing_since, open_until = excluded.open_until, changed_at = excluded.changed_at;

-- use_rate: note when the rate of a webhook next allows an attempt
update webhook set free_at = to_timestamp(%(free_at)s::bigint / 1000000.0)
where org_id = %(org_id)s and webhook_id = %(webhook_id)s;

-- delete_webhook: delete a webhook
delete from webhook where org_id = %(org_id)s and webhook_id = %(webhook_id)s;

-- delete_deliveries_of: delete deliveries to a webhook that was deleted, so many at a time, with their attempts
with old as (
    select bucket, org_id, delivery_id from delivery
    where org_id = %(org_id)s and webhook_id = %(webhook_id)s limit %(limit)s
), attempts as (
    delete from attempt as a using old as k
    where a.bucket = k.bucket and a.org_id = k.org_id and a.delivery_id = k.delivery_id
)
delete from delivery as d using old as k
where d.bucket = k.bucket and d.org_id = k.org_id and d.delivery_id = k.delivery_id
returning d.delivery_id;

-- lease_relay: lease a group of buckets whose outbox has rows, if nobody holds it
update relay as r set epoch = r.epoch + 1, leased_until = now() + make_interval(secs => %(lease)s)
from (
    select r.relay_id from relay as r
    -- Computed apart: a computation inside the comparison would keep the policy of outbox from using its index.
    join (
        select relay_id, relay_id * %(width)s as first, (relay_id + 1) * %(width)s as past from relay offset 0
    ) as k on k.relay_id = r.relay_id
    where (r.leased_until is null or r.leased_until < now()) and exists (
        select 1 from outbox
        where bucket >= k.first and bucket < k.past and failed_at is null
    )
    order by r.leased_until nulls first, r.relay_id limit 1
    for update of r skip locked
) as free
where r.relay_id = free.relay_id
returning r.relay_id, r.epoch;

-- lock_relay: lock a leased group of buckets, and renew its lease; nothing if somebody else has it by now
update relay set leased_until = now() + make_interval(secs => %(lease)s)
where relay_id = %(relay_id)s and epoch = %(epoch)s
returning position, set_config('idle_in_transaction_session_timeout', %(silence)s, true);

-- release_relay: end a lease early
update relay set leased_until = null where relay_id = %(relay_id)s and epoch = %(epoch)s;

-- advance_relay: note the last number that was dealt in the feed
update relay set position = %(position)s where relay_id = %(relay_id)s and epoch = %(epoch)s;

-- outbox_page: the first rows of a group of buckets, in the order of their keys
select bucket, org_id, customer_id, seq, body from outbox
where bucket >= %(first)s and bucket < %(end)s and failed_at is null
order by bucket, org_id, customer_id, seq limit %(limit)s;

-- delete_outbox: delete rows that were relayed
delete from outbox as o
using unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(seqs)b::bigint[])
    as k (bucket, org_id, customer_id, seq)
where o.bucket = k.bucket and o.org_id = k.org_id and o.customer_id = k.customer_id and o.seq = k.seq;

-- set_aside: set a row aside that cannot be relayed
update outbox set failed_at = now()
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s and seq = %(seq)s;

-- announce: add an announcement to the outbox, before all events of its customer
insert into outbox (bucket, org_id, customer_id, seq, body)
values (%(bucket)s, %(org_id)s, %(customer_id)s, -nextval('announcement_seq'), %(body)s);

-- deal_numbers: the last numbers of messages of these customers to these webhooks, after so many more
insert into delivery_number as n (bucket, org_id, webhook_id, customer_id, last)
select * from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(webhooks)b::bigint[], %(customers)b::bigint[], %(counts)b::bigint[]
)
on conflict (bucket, org_id, webhook_id, customer_id) do update set last = n.last + excluded.last
returning org_id, webhook_id, customer_id, last;

-- known_messages: the messages among these that a webhook has already; the order names the index, which a planner without
-- statistics (a young table) would take for no better than those by webhook, whose rows are many
select d.webhook_id, d.message_id
from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(webhooks)b::bigint[], %(messages)b::text[])
    as k (bucket, org_id, webhook_id, message_id)
cross join lateral (
    select webhook_id, message_id from delivery
    where bucket = k.bucket and org_id = k.org_id and webhook_id = k.webhook_id and message_id >= k.message_id
    order by bucket, org_id, webhook_id, message_id limit 1
) as d
where d.message_id = k.message_id;

-- deliveries_of_messages: the deliveries of these messages of a customer to these webhooks
select d.bucket, d.org_id, d.delivery_id, d.webhook_id, d.customer_id, d.message_id, d.type, d.number, d.body,
    d.state, d.attempts, d.epoch, (extract(epoch from d.created_at) * 1000000)::bigint,
    (extract(epoch from d.next_at) * 1000000)::bigint, (extract(epoch from d.done_at) * 1000000)::bigint
from delivery as d
where d.bucket = %(bucket)s and d.org_id = %(org_id)s and d.webhook_id = any(%(webhooks)b::bigint[])
    and d.message_id = any(%(messages)b::text[])
order by d.delivery_id;

-- add_deliveries: add deliveries; those whose message the webhook has already are left out
insert into delivery (
    bucket, org_id, delivery_id, webhook_id, customer_id, message_id, type, number, body, state, created_at, next_at
)
select k.bucket, k.org_id, nextval('delivery_id_seq'), k.webhook_id, k.customer_id, k.message_id, k.type, k.number,
    k.body, 'PENDING', to_timestamp(%(now)s::bigint / 1000000.0), to_timestamp(%(now)s::bigint / 1000000.0)
from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(webhooks)b::bigint[], %(customers)b::bigint[], %(messages)b::text[],
    %(types)b::text[], %(numbers)b::bigint[], %(bodies)b::text[]
) as k (bucket, org_id, webhook_id, customer_id, message_id, type, number, body)
on conflict (bucket, org_id, webhook_id, message_id) do nothing
returning delivery_id;

-- webhooks_due: active webhooks with a delivery that is due, whose circuit is not open
select w.org_id, w.webhook_id from webhook as w
where w.is_active and (w.open_until is null or w.open_until <= to_timestamp(%(now)s::bigint / 1000000.0))
    and (w.free_at is null or w.free_at <= to_timestamp(%(now)s::bigint / 1000000.0))
    and exists (
        select 1 from delivery as d
        where d.org_id = w.org_id and d.webhook_id = w.webhook_id and d.state = 'PENDING'
            and d.next_at <= to_timestamp(%(now)s::bigint / 1000000.0)
            and (d.leased_until is null or d.leased_until < now())
    )
order by random();

-- claim_deliveries: claim deliveries of a webhook that have been due longest
with due as (
    select bucket, org_id, delivery_id from delivery
    where org_id = %(org_id)s and webhook_id = %(webhook_id)s and state = 'PENDING'
        and next_at <= to_timestamp(%(now)s::bigint / 1000000.0) and (leased_until is null or leased_until < now())
    order by next_at, delivery_id limit %(limit)s
    for update skip locked
)
update delivery as d set epoch = d.epoch + 1, leased_until = now() + make_interval(secs => %(lease)s)
from due as k
where d.bucket = k.bucket and d.org_id = k.org_id and d.delivery_id = k.delivery_id
returning d.bucket, d.org_id, d.delivery_id, d.webhook_id, d.customer_id, d.message_id, d.type, d.number, d.body,
    d.state, d.attempts, d.epoch, (extract(epoch from d.created_at) * 1000000)::bigint,
    (extract(epoch from d.next_at) * 1000000)::bigint, (extract(epoch from d.done_at) * 1000000)::bigint;

-- settle_deliveries: record what became of deliveries, of those that are still claimed so; it is returned which
update delivery as d set state = k.state, attempts = d.attempts + 1, leased_until = null,
    next_at = to_timestamp(k.next_at / 1000000.0),
    done_at = case when k.state = 'PENDING' then null else to_timestamp(%(now)s::bigint / 1000000.0) end
from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(deliveries)b::bigint[], %(epochs)b::bigint[], %(states)b::text[],
    %(next)b::bigint[]
) as k (bucket, org_id, delivery_id, epoch, state, next_at)
where d.bucket = k.bucket and d.org_id = k.org_id and d.delivery_id = k.delivery_id and d.epoch = k.epoch
    and d.state = 'PENDING'
returning d.org_id, d.webhook_id, d.delivery_id;

-- add_attempts: add attempts of deliveries that are still there
insert into attempt (bucket, org_id, delivery_id, attempt_id, body)
select k.bucket, k.org_id, k.delivery_id, k.attempt_id, k.body
from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(deliveries)b::bigint[], %(attempts)b::bigint[], %(bodies)b::text[]
) as k (bucket, org_id, delivery_id, attempt_id, body)
join delivery as d on d.bucket = k.bucket and d.org_id = k.org_id and d.delivery_id = k.delivery_id
for key share of d
on conflict (bucket, org_id, delivery_id, attempt_id) do nothing;

-- deliveries_of: deliveries of a webhook, latest first
select d.bucket, d.org_id, d.delivery_id, d.webhook_id, d.customer_id, d.message_id, d.type, d.number, d.body,
    d.state, d.attempts, d.epoch, (extract(epoch from d.created_at) * 1000000)::bigint,
    (extract(epoch from d.next_at) * 1000000)::bigint, (extract(epoch from d.done_at) * 1000000)::bigint
from delivery as d
where d.org_id = %(org_id)s and d.webhook_id = %(webhook_id)s and d.delivery_id < %(before)s
    and (%(state)s::text is null or d.state = %(state)s::text)
    and (%(type)s::text is null or d.type = %(type)s::text)
    and (%(customer_id)s::bigint is null or d.customer_id = %(customer_id)s::bigint)
    and (%(since)s::bigint is null or d.created_at >= to_timestamp(%(since)s::bigint / 1000000.0))
    and (%(until)s::bigint is null or d.created_at < to_timestamp(%(until)s::bigint / 1000000.0))
order by d.delivery_id desc limit %(limit)s;

-- delivery_with_id: a delivery of a webhook
select d.bucket, d.org_id, d.delivery_id, d.webhook_id, d.customer_id, d.message_id, d.type, d.number, d.body,
    d.state, d.attempts, d.epoch, (extract(epoch from d.created_at) * 1000000)::bigint,
    (extract(epoch from d.next_at) * 1000000)::bigint, (extract(epoch from d.done_at) * 1000000)::bigint
from delivery as d
where d.org_id = %(org_id)s and d.webhook_id = %(webhook_id)s and d.delivery_id = %(delivery_id)s;

-- attempts_of: the attempts of a delivery, in order
select body from attempt
where bucket = %(bucket)s and org_id = %(org_id)s and delivery_id = %(delivery_id)s
order by attempt_id;

-- make_due: have deliveries made again, from the first attempt on: one, or those of a state in a span of time
update delivery as d set state = 'PENDING', attempts = 0, epoch = d.epoch + 1, leased_until = null, done_at = null,
    next_at = to_timestamp(%(now)s::bigint / 1000000.0)
from (
    select bucket, org_id, delivery_id from delivery
    where org_id = %(org_id)s and webhook_id = %(webhook_id)s
        and (%(delivery_id)s::bigint is null or delivery_id = %(delivery_id)s::bigint)
        and (%(states)s::text[] is null or state = any(%(states)s::text[]))
        and (%(since)s::bigint is null or created_at >= to_timestamp(%(since)s::bigint / 1000000.0))
        and (%(until)s::bigint is null or created_at < to_timestamp(%(until)s::bigint / 1000000.0))
    for update
) as k
where d.bucket = k.bucket and d.org_id = k.org_id and d.delivery_id = k.delivery_id
returning d.delivery_id;

-- count_deliveries: how many deliveries of each webhook of an organisation are in each state
select webhook_id, state, count(*) from delivery where org_id = %(org_id)s group by webhook_id, state;

-- prune_deliveries: delete deliveries of an organisation that were done before some instants, so many at a time
with old as (
    select bucket, org_id, delivery_id from delivery
    where done_at < to_timestamp(%(delivered)s::bigint / 1000000.0) and org_id = %(org_id)s
        and (state = 'DELIVERED' or done_at < to_timestamp(%(dead)s::bigint / 1000000.0))
    limit %(limit)s
    for update skip locked
), attempts as (
    delete from attempt as a using old as k
    where a.bucket = k.bucket and a.org_id = k.org_id and a.delivery_id = k.delivery_id
)
delete from delivery as d using old as k
where d.bucket = k.bucket and d.org_id = k.org_id and d.delivery_id = k.delivery_id
returning d.delivery_id;

-- append_feed: add messages to the feed
insert into feed (relay_id, org_id, position, body, written_at)
select k.relay_id, k.org_id, k.position, k.body, to_timestamp(%(now)s::bigint / 1000000.0)
from unnest(%(relays)b::int[], %(orgs)b::bigint[], %(positions)b::bigint[], %(bodies)b::text[])
    as k (relay_id, org_id, position, body);

-- feed_after: messages of the feed after these positions, one for each group of buckets
select f.relay_id, f.position, f.body
from unnest(%(relays)b::int[], %(positions)b::bigint[]) as k (relay_id, position)
cross join lateral (
    select relay_id, position, body from feed
    where relay_id = k.relay_id and org_id = %(org_id)s and position > k.position
    order by position limit %(limit)s
) as f
limit %(limit)s;

-- feed_ends: the last numbers that were dealt in the feed, by group of buckets
select relay_id, position from relay order by relay_id;

-- prune_feed: delete messages of an organisation from the feed that are older than an instant, so many at a time
delete from feed as f using (
    select relay_id, org_id, position from feed
    where written_at < to_timestamp(%(before)s::bigint / 1000000.0) and org_id = %(org_id)s limit %(limit)s
) as k
where f.relay_id = k.relay_id and f.org_id = k.org_id and f.position = k.position;
