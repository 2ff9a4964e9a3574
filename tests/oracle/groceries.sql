-- What every household reached in every period of the thirteen target groups of the demo, from the Parquet files alone.
-- Given: the tables `item`, `article`, `redemption` (the Parquet files, of the chosen households) and `goal`
-- (target, period, goal: the figures of the definitions). Everything else is reckoned here, one statement per step.

-- The stamps of the file are UTC: its week column changes at 05:00 in winter, at 04:00 in summer. In 2017 clocks in
-- New York were ahead from 12 March, 07:00 UTC, to 5 November, 06:00 UTC.
create view line as
select household_id as household, store_id as store, basket_id as basket, product_id as product, quantity, week,
  transaction_timestamp as utc,
  case when transaction_timestamp >= timestamp '2017-03-12 07:00:00'
    and transaction_timestamp < timestamp '2017-11-05 06:00:00' then 4 else 5 end as hours_behind,
  cast(sales_value as decimal(12, 2)) as paid,
  cast(sales_value as decimal(12, 2)) + cast(retail_disc as decimal(12, 2))
    + cast(coupon_match_disc as decimal(12, 2)) as shelf
from item;

-- One row per bill, with its calendar day and the name under which events of that bill are known.
create table bill as
select household, store, basket, utc, hours_behind, any_value(week) as week,
  cast(utc - to_hours(hours_behind) as date) as day,
  'pos/' || store as source, 'bill-' || basket as event,
  sum(paid) as paid, sum(shelf) as shelf, count(*) as lines
from line
group by household, store, basket, utc, hours_behind;

-- One row per redeemed coupon, placed at noon: 17:00 UTC in winter, 16:00 in summer (noon is never near a change).
create table coupon as
select household_id as household, cast(redemption_date as date) as day,
  if(redemption_date between '2017-03-12' and '2017-11-04', 4, 5) as hours_behind,
  redemption_date + to_hours(12 + hours_behind) as utc,
  'coupons' as source,
  'coupon-' || household_id || '-' || coupon_upc || '-' || campaign_id || '-'
    || strftime(redemption_date, '%Y-%m-%d') as event
from redemption;

-- What every event adds to every target.
create table contribution (
  target varchar, household bigint, period varchar, utc timestamp, hours_behind integer,
  source varchar, event varchar, amount decimal(18, 2)
);

insert into contribution
select 'Monthly spend', household, strftime(day, '%Y-%m'), utc, hours_behind, source, event, paid
from bill;

-- Weeks by the data's own count: its week 1 is the Sunday of 1 January 2017, which lies in no period.
insert into contribution
select 'Weekly visits', household, '2017-W' || lpad(cast(week - 1 as varchar), 2, '0'), utc, hours_behind, source, event,
  if(row_number() over (partition by household, day order by utc, source, event) = 1, 1, 0)
from bill
where week >= 2;

insert into contribution
select 'Produce lines', b.household, strftime(b.day, '%Y-%m'), b.utc, b.hours_behind, b.source, b.event, count(*)
from bill as b
join line as l on l.basket = b.basket
join article as a on a.product_id = l.product
where a.department = 'PRODUCE'
group by all;

insert into contribution
select 'Private brand pieces', b.household, '2017-Q' || quarter(b.day), b.utc, b.hours_behind, b.source, b.event,
  sum(l.quantity)
from bill as b
join line as l on l.basket = b.basket
join article as a on a.product_id = l.product
where a.brand = 'Private' and l.quantity < 100
group by all;

-- A day counts its dearest basket: a bill adds what it lies above the dearest before it on that day.
insert into contribution
select 'Biggest basket of the day', household, strftime(day, '%Y-%m'), utc, hours_behind, source, event,
  greatest(shelf - coalesce(max(shelf) over (
    partition by household, day order by utc, source, event rows between unbounded preceding and 1 preceding
  ), 0), 0)
from bill;

insert into contribution
select 'Chosen shops', household, strftime(day, '%Y-%m'), utc, hours_behind, source, event, 1
from bill
where store between 360 and 399 or store in (319, 330);

insert into contribution
select 'Coupons redeemed', household, if(month(day) <= 6, '2017-H1', '2017-H2'), utc, hours_behind, source, event, 1
from coupon;

insert into contribution
select 'Large baskets', household, '2017-Q' || quarter(day), utc, hours_behind, source, event, 1
from bill
where paid > 50 and lines >= 10;

insert into contribution
select 'Weekly shopping', household, '2017-W' || lpad(cast(week - 1 as varchar), 2, '0'), utc, hours_behind, source,
  event, 1
from bill
where week >= 2 and paid >= 20;

-- The members of the fresh basket: one department each.
insert into contribution
select m.target, b.household, '2017-Q' || quarter(b.day), b.utc, b.hours_behind, b.source, b.event, sum(l.paid)
from bill as b
join line as l on l.basket = b.basket
join article as a on a.product_id = l.product
join (values ('Fresh produce', 'PRODUCE'), ('Fresh meat', 'MEAT'), ('Deli counter', 'DELI')) as m (target, department)
  on m.department = a.department
group by all;

-- Thirty days are 720 hours, from the household's own first bill on; after the twelfth time nothing counts.
insert into contribution
select 'Thirty days', household, '30-days-' || lpad(cast(place + 1 as varchar), 2, '0'), utc, hours_behind, source,
  event, paid
from (
  select *, cast(floor(epoch(utc - min(utc) over (partition by household)) / (720 * 3600)) as integer) as place
  from bill
)
where place < 12;

insert into contribution
select 'Bills with points', household, strftime(day, '%Y-%m'), utc, hours_behind, source, event, 1
from bill;

-- The total after every event, in the order of instant, source and event.
create table running as
select *, sum(amount) over (
    partition by target, household, period order by utc, source, event
    rows between unbounded preceding and current row
  ) as total
from contribution;

-- When and by which event a household's total met the goal, as the answers write it.
create macro written(utc, hours_behind) as
  strftime(utc - to_hours(hours_behind), '%Y-%m-%dT%H:%M:%S') || '-0' || hours_behind || ':00';
create macro named(source, event) as sha256(source || chr(0) || event);

create table reached as
select target, household, period, sum(amount) as value,
  min_by(written(utc, hours_behind), (utc, source, event)) filter (total >= goal) as achieved_at,
  min_by(named(source, event), (utc, source, event)) filter (total >= goal) as achieved_by
from running
join goal using (target, period)
group by target, household, period;

-- Five hundred after five hundred: one total fills the ten rounds; the last one keeps what is over.
insert into reached
select 'Every five hundred', household, period,
  if(place = 10, any_value(spent) - 4500, least(any_value(spent) - (place - 1) * 500, 500)) as value,
  min_by(written(utc, hours_behind), (utc, source, event)) filter (total >= place * 500),
  min_by(named(source, event), (utc, source, event)) filter (total >= place * 500)
from (
  select *, sum(paid) over (partition by household order by utc, source, event) as total,
    sum(paid) over (partition by household) as spent
  from bill
)
cross join (select period, cast(right(period, 2) as integer) as place from goal where target = 'Every five hundred')
where spent > (place - 1) * 500
group by household, period, place;

-- The fresh basket as a whole: the event after which each member is reached and all together are at 100.
create table whole as
select household, period, sum(value) as value, any_value(achieved_at) as achieved_at, any_value(achieved_by) as achieved_by
from (
  select household, period, max(total) as value from running
  where target in ('Fresh produce', 'Fresh meat', 'Deli counter') group by household, period, target
)
left join (
  select household, period, min_by(written(utc, hours_behind), (utc, source, event)) as achieved_at,
    min_by(named(source, event), (utc, source, event)) as achieved_by
  from (
    select *,
      coalesce(max(total) filter (target = 'Fresh produce') over upwards, 0) as produce,
      coalesce(max(total) filter (target = 'Fresh meat') over upwards, 0) as meat,
      coalesce(max(total) filter (target = 'Deli counter') over upwards, 0) as deli
    from running
    where target in ('Fresh produce', 'Fresh meat', 'Deli counter')
    window upwards as (partition by household, period order by utc, source, event)
  )
  where produce >= 25 and meat >= 25 and deli >= 15 and produce + meat + deli >= 100
  group by household, period
) using (household, period)
group by household, period;

-- The weekly streak: weeks in a row have the same distance from their number among the achieved ones.
create table run as
select household, week, achieved_at, achieved_by,
  row_number() over (partition by household, week - place order by week) as length
from (
  select household, cast(right(period, 2) as integer) as week, achieved_at, achieved_by,
    row_number() over (partition by household order by period) as place
  from reached
  where target = 'Weekly shopping' and achieved_at is not null
);

create table level as
select household, name, needed, if(first_week is null, lasting, needed) as value, achieved_at, achieved_by
from (
  select household, name, needed, min(week) filter (length >= needed) as first_week,
    -- When the year is over, a run lasts only if the last week belongs to it.
    coalesce(max(length) filter (week = 52), 0) as lasting,
    min_by(achieved_at, week) filter (length >= needed) as achieved_at,
    min_by(achieved_by, week) filter (length >= needed) as achieved_by
  from run
  cross join (values ('Two weeks', 2), ('Four weeks', 4), ('Eight weeks', 8)) as l (name, needed)
  group by household, name, needed
);

-- Every household × target × period: where the total ended, which event brought it to the goal, and the marks passed.
-- Beside them the levels of the streak and the fresh basket as a whole.
create table result as
select h.household, g.target, g.period, g.goal, coalesce(r.value, 0) as value, r.achieved_at, r.achieved_by,
  if(g.target = 'Monthly spend', if(value >= g.goal * 0.5, 1, 0) + if(value >= g.goal * 0.8, 1, 0), 0) as marks
from (select distinct household_id as household from item) as h
cross join goal as g
left join reached as r on r.household = h.household and r.target = g.target and r.period = g.period
union all
select h.household, 'Weekly shopping', l.name, l.needed, coalesce(r.value, 0), r.achieved_at, r.achieved_by, 0
from (select distinct household_id as household from item) as h
cross join (values ('Two weeks', 2), ('Four weeks', 4), ('Eight weeks', 8)) as l (name, needed)
left join level as r on r.household = h.household and r.name = l.name
union all
select h.household, 'Fresh basket', g.period, 100, coalesce(r.value, 0), r.achieved_at, r.achieved_by, 0
from (select distinct household_id as household from item) as h
cross join goal as g
left join whole as r on r.household = h.household and r.period = g.period
where g.target = 'Fresh produce';
