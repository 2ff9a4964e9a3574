-- save_scores: store scores on boards with the number of this transaction, by which readers find changes
insert into score (bucket, org_id, target_id, period_id, customer_id, value, active_at, written)
select k.bucket, k.org_id, k.target_id, k.period_id, k.customer_id, k.value, to_timestamp(k.active_at / 1000000.0),
    pg_current_xact_id()::text::bigint
from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(targets)b::bigint[], %(periods)b::bigint[], %(customers)b::bigint[],
    %(values)s::numeric[], %(active)b::bigint[]
) as k (bucket, org_id, target_id, period_id, customer_id, value, active_at)
on conflict (bucket, org_id, target_id, period_id, customer_id) do update
set value = excluded.value, active_at = greatest(score.active_at, excluded.active_at), written = excluded.written;

-- hidden_customers: the customers of an organisation who are not shown on leaderboards: hidden ones, and erased ones
select customer_id from customer where org_id = %(org_id)s and hidden
union all
select customer_id from erasure where org_id = %(org_id)s;

-- unite_activity: date the scores of a customer by another one's last activity where that is later
update score as s set active_at = greatest(s.active_at, v.active_at), written = pg_current_xact_id()::text::bigint
from score as v
where s.bucket = %(into_bucket)s and s.org_id = %(org_id)s and s.customer_id = %(into)s
    and v.bucket = %(bucket)s and v.org_id = %(org_id)s and v.customer_id = %(customer_id)s
    and v.target_id = s.target_id and v.period_id = s.period_id and s.value is not null and v.value is not null;

-- reset_on_boards: remove a customer from all boards, so that what is saved next does not know of an earlier activity
update score set value = null, active_at = '4700-01-01 BC', written = pg_current_xact_id()::text::bigint
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- remove_from_boards: remove a customer from all boards, with the number of this transaction
update score set value = null, written = pg_current_xact_id()::text::bigint
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- read_board: a whole board in parts, with scores by ascending customer id, positions by rank, and the read's horizon
with whole as materialized (
    select string_agg(
            int8send(customer_id) || int8send(case when fits then value::bigint else 0 end)
            || int8send((extract(epoch from active_at) * 1000000)::bigint),
            ''::bytea order by customer_id
        ) as scores,
        array_agg(customer_id) filter (where not fits) as customers,
        array_agg(value::text) filter (where not fits) as values,
        string_agg(int4send(position), ''::bytea order by value desc, active_at, customer_id) as positions
    from (
        select customer_id, value, active_at, value between -9223372036854775808 and 9223372036854775807 as fits,
            (row_number() over (order by customer_id) - 1)::int as position
        from score
        where org_id = %(org_id)s and target_id = %(target_id)s and period_id = %(period_id)s and value is not null
    ) as placed
)
select pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    array(select pg_snapshot_xip(pg_current_snapshot())::text::bigint),
    substr(scores, part * %(size)s * 24 + 1, %(size)s * 24),
    case when part = 0 then customers end, case when part = 0 then values end,
    substr(positions, part * %(size)s * 4 + 1, %(size)s * 4)
from whole cross join generate_series(0, greatest(length(scores) - 1, 0) / (24 * %(size)s)) as part
order by part;

-- read_board_changes: the changes of a board by transactions that an earlier read did not see, and this read's horizon
select pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    array(select pg_snapshot_xip(pg_current_snapshot())::text::bigint),
    string_agg(
        int8send(customer_id) || int8send(case when fits then value::bigint else 0 end)
        || int8send((extract(epoch from active_at) * 1000000)::bigint),
        ''::bytea
    ) filter (where value is not null),
    array_agg(customer_id) filter (where not fits), array_agg(value::text) filter (where not fits),
    array_agg(customer_id) filter (where value is null),
    exists(
        select from final_board
        where org_id = %(org_id)s and target_id = %(target_id)s and period_id = %(period_id)s
    )
from (
    select customer_id, value, active_at, value between -9223372036854775808 and 9223372036854775807 as fits
    from score
    where org_id = %(org_id)s and target_id = %(target_id)s and period_id = %(period_id)s
        and (
            written >= %(unseen_from)s and written < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
            or written = any(%(unseen)s::bigint[])
        )
) as changed;

-- save_final_board: store a part of a closed board
insert into final_board (org_id, target_id, period_id, part, closed_at, body)
values (%(org_id)s, %(target_id)s, %(period_id)s, %(part)s, to_timestamp(%(closed_at)s / 1000000.0), %(body)b)
on conflict (org_id, target_id, period_id, part) do nothing;

-- final_board: the parts of a closed board, in order
select (extract(epoch from closed_at) * 1000000)::bigint, body from final_board
where org_id = %(org_id)s and target_id = %(target_id)s and period_id = %(period_id)s
order by part;

-- board_closed: whether a board is closed
select from final_board
where org_id = %(org_id)s and target_id = %(target_id)s and period_id = %(period_id)s
limit 1;
