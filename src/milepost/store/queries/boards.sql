-- keep_scores: write what customers have on boards; the transaction's number says when
insert into score (bucket, org_id, target_id, period_id, customer_id, value, active_at, written)
select k.bucket, k.org_id, k.target_id, k.period_id, k.customer_id, k.value, to_timestamp(k.active_at / 1000000.0),
    pg_current_xact_id()::text::bigint
from unnest(
    %(buckets)b::int[], %(orgs)b::bigint[], %(targets)b::bigint[], %(periods)b::bigint[], %(customers)b::bigint[],
    %(values)s::numeric[], %(active)b::bigint[]
) as k (bucket, org_id, target_id, period_id, customer_id, value, active_at)
on conflict (bucket, org_id, target_id, period_id, customer_id) do update
set value = excluded.value, active_at = greatest(score.active_at, excluded.active_at), written = excluded.written;

-- score_horizon: the number from which on transactions may still be running
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

-- scores_since: what was written on a board by the transactions from a number on
select customer_id, value, (extract(epoch from active_at) * 1000000)::bigint
from score
where org_id = %(org_id)s and target_id = %(target_id)s and period_id = %(period_id)s and written >= %(since)s;

-- keep_final_board: write a part of a board that is closed
insert into final_board (org_id, target_id, period_id, part, closed_at, body)
values (%(org_id)s, %(target_id)s, %(period_id)s, %(part)s, to_timestamp(%(closed_at)s / 1000000.0), %(body)b)
on conflict (org_id, target_id, period_id, part) do nothing;

-- final_board: a board that is closed, part by part
select (extract(epoch from closed_at) * 1000000)::bigint, body from final_board
where org_id = %(org_id)s and target_id = %(target_id)s and period_id = %(period_id)s
order by part;
