with offered as (
    select *
    from unnest(
        %(customers)b::bigint[], %(sources)b::text[], %(ids)b::text[], %(names)b::text[], %(references)b::text[],
        %(stores)b::int[], %(cents)b::bigint[], %(occurred)b::timestamptz[], %(bodies)b::text[]
    ) as o (customer_id, source, event_id, name, reference, store_id, cents, occurred_at, body)
),
fresh as (
    insert into event (
        customer_id, source, event_id, name, reference, store_id, cents, occurred_at, received_at, body
    )
    select customer_id, source, event_id, name, reference, store_id, cents, occurred_at, %(now)b::timestamptz, body
    from offered
    on conflict (customer_id, source, event_id) do nothing
    returning customer_id, name, reference, store_id, cents, occurred_at
),
weighed as (
    select customer_id, name, store_id, cents, occurred_at, 1 as sign
    from fresh
    where name <> 'ReturnBill'
    union all
    select b.customer_id, b.name, b.store_id, b.cents, b.occurred_at, -1
    from fresh as r
    cross join lateral (
        select customer_id, name, store_id, cents, occurred_at from event
        where customer_id = r.customer_id and reference = r.reference and name = 'TransactionAdd'
        offset 0
    ) as b
    where r.name = 'ReturnBill'
    union all
    select b.customer_id, b.name, b.store_id, b.cents, b.occurred_at, -1
    from fresh as r
    join fresh as b on b.customer_id = r.customer_id and b.reference = r.reference and b.name = 'TransactionAdd'
    where r.name = 'ReturnBill'
),
changes as (
    select w.customer_id, s.target_id, p.period_id, s.goal,
        sum(case when s.counts then w.sign else w.sign * w.cents end)::bigint as amount
    from weighed as w
    join target_store as s
        on s.event_name = w.name and s.store_id = w.store_id and w.cents > s.above_cents
    join period as p on w.occurred_at >= p.opens_at and w.occurred_at < p.closes_at
    group by w.customer_id, s.target_id, p.period_id, s.goal
    order by w.customer_id, s.target_id, p.period_id
),
kept as (
    insert into progress as k (customer_id, target_id, period_id, value, goal, enrolled_at, updated_at, achieved_at)
    select customer_id, target_id, period_id, amount, goal, %(now)b::timestamptz, %(now)b::timestamptz,
        case when amount >= goal then %(now)b::timestamptz end
    from changes
    on conflict (customer_id, target_id, period_id) do update set
        value = k.value + excluded.value,
        updated_at = excluded.updated_at,
        achieved_at = coalesce(k.achieved_at, case when k.value + excluded.value >= k.goal then excluded.updated_at end)
    returning customer_id, target_id, period_id, value, achieved_at
),
told as (
    insert into outbox (customer_id, target_id, period_id, achieved_at, value)
    select customer_id, target_id, period_id, achieved_at, value
    from kept
    where achieved_at = %(now)b::timestamptz
)
select (select count(*) from fresh), (select count(*) from kept)
