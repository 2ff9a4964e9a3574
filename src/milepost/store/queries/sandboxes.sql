-- add_sandbox: make an organisation a sandbox; its clock runs with real time
insert into sandbox (org_id) values (%(org_id)s);

-- sandbox: the clock of a sandbox
select (extract(epoch from frozen_at) * 1000000)::bigint, ahead from sandbox where org_id = %(org_id)s;

-- sandboxes: the clocks of all sandboxes
select org_id, (extract(epoch from frozen_at) * 1000000)::bigint, ahead from sandbox order by org_id;

-- lock_sandbox: the clock of a sandbox, locked until the transaction ends
select (extract(epoch from frozen_at) * 1000000)::bigint, ahead from sandbox where org_id = %(org_id)s for update;

-- set_sandbox_clock: set the clock of a sandbox
update sandbox set frozen_at = to_timestamp(%(frozen_at)s::bigint / 1000000.0), ahead = %(ahead)s
where org_id = %(org_id)s;

-- count_open_work: how many boundaries that are due, and how many jobs, an organisation still has
select (select count(*) from turn where org_id = %(org_id)s and done_at is null
        and due_at <= to_timestamp(%(now)s::bigint / 1000000.0))
    + (select count(*) from job where org_id = %(org_id)s and done_at is null);

-- boundaries_between: the boundaries of periods that came due in a span
select group_id, period_id, kind, (extract(epoch from due_at) * 1000000)::bigint from turn
where org_id = %(org_id)s and kind <> 'windows' and due_at > to_timestamp(%(since)s::bigint / 1000000.0)
    and due_at <= to_timestamp(%(until)s::bigint / 1000000.0)
order by due_at, group_id, period_id;

-- own_events_between: the customers with events of our own that were received in a span, and their numbers
select bucket, customer_id, array_agg(seq order by seq) from event
where org_id = %(org_id)s and name = any(%(names)s::text[])
    and received_at > to_timestamp(%(since)s::bigint / 1000000.0)
    and received_at <= to_timestamp(%(until)s::bigint / 1000000.0)
group by bucket, customer_id
order by bucket, customer_id
limit %(limit)s;

-- scheduled_starts: when changes of an organisation that are scheduled come in force
select (extract(epoch from starts_at) * 1000000)::bigint from definition_change
where org_id = %(org_id)s and state = 'scheduled';

-- empty_sandbox: delete all that happened in a sandbox; what it defines stays
with events as (delete from event where org_id = %(org_id)s),
    erased as (delete from erased_event where org_id = %(org_id)s),
    chains as (delete from erased_chain where org_id = %(org_id)s),
    erasures as (delete from erasure where org_id = %(org_id)s),
    claims as (delete from event_claim where org_id = %(org_id)s),
    standings as (delete from standing where org_id = %(org_id)s),
    histories as (delete from history where org_id = %(org_id)s),
    names as (delete from identity where org_id = %(org_id)s),
    profiles as (delete from customer where org_id = %(org_id)s),
    outcomes as (delete from outbox where org_id = %(org_id)s),
    members as (delete from audience_member where org_id = %(org_id)s),
    scores as (delete from score where org_id = %(org_id)s),
    boards as (delete from final_board where org_id = %(org_id)s),
    goals as (delete from customer_goal where org_id = %(org_id)s),
    attempts as (delete from attempt where org_id = %(org_id)s),
    deliveries as (delete from delivery where org_id = %(org_id)s),
    numbers as (delete from delivery_number where org_id = %(org_id)s),
    messages as (delete from feed where org_id = %(org_id)s),
    effects as (delete from change_effect where org_id = %(org_id)s),
    jobs as (delete from job where org_id = %(org_id)s),
    letters as (delete from dead_letter where org_id = %(org_id)s)
delete from turn where org_id = %(org_id)s;

-- hold_all_relays: lock all groups of buckets, so that nothing of an outbox becomes a message meanwhile
select relay_id from relay order by relay_id for update;
