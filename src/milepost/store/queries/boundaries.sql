-- schedule_boundaries: add period boundaries that are not stored yet
insert into turn (org_id, group_id, period_id, kind, due_at, since)
select k.org_id, k.group_id, k.period_id, k.kind, to_timestamp(k.due_at / 1000000.0), to_timestamp(k.since / 1000000.0)
from unnest(
    %(orgs)b::bigint[], %(groups)b::bigint[], %(periods)b::bigint[], %(kinds)b::text[], %(due)b::bigint[],
    %(sinces)b::bigint[]
) as k (org_id, group_id, period_id, kind, due_at, since)
on conflict (org_id, group_id, period_id, kind) do nothing;

-- lease_boundary: lease the boundary that has been due longest and has no valid lease: of one organisation, or of all
-- that live in real time
with free as (
    select org_id, group_id, period_id, kind from turn
    where done_at is null and due_at <= to_timestamp(%(now)s / 1000000.0)
        and (leased_until is null or leased_until < now())
        and case
            when %(org_id)s::bigint is null then not exists (select from sandbox as s where s.org_id = turn.org_id)
            else org_id = %(org_id)s
        end
    order by due_at, org_id, group_id, period_id, kind
    limit 1
    for update skip locked
)
update turn as t set epoch = t.epoch + 1, leased_until = now() + make_interval(secs => %(lease)s),
    due_at = case
        when t.kind = 'windows' and t.after_bucket < 0
        then greatest(t.due_at, to_timestamp(%(windows)s / 1000000.0)) else t.due_at
    end
from free as f
where t.org_id = f.org_id and t.group_id = f.group_id and t.period_id = f.period_id and t.kind = f.kind
returning t.org_id, t.group_id, t.period_id, t.kind, (extract(epoch from t.due_at) * 1000000)::bigint,
    (extract(epoch from t.since) * 1000000)::bigint, t.epoch, t.after_bucket, t.after_customer;

-- lock_leased_boundary: lock a boundary whose lease is ours; PostgreSQL ends the transaction if it is idle for too long
select epoch, set_config('idle_in_transaction_session_timeout', %(silence)s, true) from turn
where org_id = %(org_id)s and group_id = %(group_id)s and period_id = %(period_id)s and kind = %(kind)s
    and epoch = %(epoch)s and done_at is null
for update;

-- customers_due: the next customers of an organisation in the order of buckets, with archived progress in a group
select s.bucket, s.customer_id, s.body, (
    select array_agg(h.body) from history as h
    where h.bucket = s.bucket and h.org_id = s.org_id and h.customer_id = s.customer_id
        and h.target_id = any(%(targets)b::bigint[])
)
from standing as s
where s.org_id = %(org_id)s and (s.bucket, s.org_id, s.customer_id) > (%(bucket)s, %(org_id)s, %(customer)s)
order by s.bucket, s.org_id, s.customer_id
limit %(limit)s;

-- advance_boundary: note up to which customer notices were made, and renew the lease
update turn set after_bucket = %(bucket)s, after_customer = %(customer)s,
    leased_until = now() + make_interval(secs => %(lease)s)
where org_id = %(org_id)s and group_id = %(group_id)s and period_id = %(period_id)s and kind = %(kind)s
    and epoch = %(epoch)s;

-- finish_boundary: note that all customers were notified
update turn set done_at = to_timestamp(%(now)s / 1000000.0), leased_until = null
where org_id = %(org_id)s and group_id = %(group_id)s and period_id = %(period_id)s and kind = %(kind)s
    and epoch = %(epoch)s;

-- repeat_boundary: note that all customers were notified up to now, and make the boundary due again
update turn set since = due_at, due_at = to_timestamp(%(due)s / 1000000.0), leased_until = null,
    after_bucket = -1, after_customer = 0
where org_id = %(org_id)s and group_id = %(group_id)s and period_id = %(period_id)s and kind = %(kind)s
    and epoch = %(epoch)s;

-- release_boundary: end a lease early
update turn set leased_until = null
where org_id = %(org_id)s and group_id = %(group_id)s and period_id = %(period_id)s and kind = %(kind)s
    and epoch = %(epoch)s;
