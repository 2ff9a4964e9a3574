-- add_backtest: add a back-test that is to be run
insert into backtest (org_id, state, request, asked_at)
values (%(org_id)s, 'running', %(request)s, to_timestamp(%(now)s::bigint / 1000000.0))
returning backtest_id;

-- backtest: a back-test with the number of its parts that are done
select b.org_id, b.backtest_id, b.state, b.request, b.result, (extract(epoch from b.asked_at) * 1000000)::bigint,
    (extract(epoch from b.done_at) * 1000000)::bigint,
    (select count(*) from backtest_part as p where p.org_id = b.org_id and p.backtest_id = b.backtest_id)
from backtest as b
where b.org_id = %(org_id)s and b.backtest_id = %(backtest_id)s;

-- lease_backtest: take the back-test that has waited longest and that no process works on
update backtest as b set leased_until = to_timestamp(%(until)s::bigint / 1000000.0)
where (b.org_id, b.backtest_id) = (
    select o.org_id, o.backtest_id from backtest as o
    where o.state = 'running' and coalesce(o.leased_until, '-infinity') < to_timestamp(%(now)s::bigint / 1000000.0)
    order by o.backtest_id limit 1 for update skip locked
)
returning b.org_id, b.backtest_id, b.request;

-- lease_one_backtest: take this back-test for a process
update backtest set leased_until = to_timestamp(%(until)s::bigint / 1000000.0)
where org_id = %(org_id)s and backtest_id = %(backtest_id)s and state = 'running'
returning org_id, backtest_id, request;

-- backtest_parts_done: the numbers of the parts that are done
select part from backtest_part where org_id = %(org_id)s and backtest_id = %(backtest_id)s;

-- add_backtest_part: keep the result of a part
insert into backtest_part (org_id, backtest_id, part, tally, differences)
values (%(org_id)s, %(backtest_id)s, %(part)s, %(tally)s, %(differences)s)
on conflict do nothing;

-- backtest_tallies: the tallies of some parts, in order
select part, tally from backtest_part
where org_id = %(org_id)s and backtest_id = %(backtest_id)s and part > %(after)s
order by part limit %(limit)s;

-- backtest_differences: the differences of the next part
select part, differences from backtest_part
where org_id = %(org_id)s and backtest_id = %(backtest_id)s and part > %(after)s
order by part limit 1;

-- end_backtest: write the end of a back-test that still runs
update backtest set state = %(state)s, result = %(result)s, done_at = to_timestamp(%(now)s::bigint / 1000000.0)
where org_id = %(org_id)s and backtest_id = %(backtest_id)s and state = 'running'
returning backtest_id;

-- logs_of_buckets: the events of all customers in a span of buckets, each customer's in the order of application
select e.customer_id, e.source, e.event_id, e.name, (extract(epoch from e.occurred_at) * 1000000)::bigint,
    (extract(epoch from e.received_at) * 1000000)::bigint, e.seq, e.version, e.body
from event as e
where e.bucket >= %(first)s and e.bucket < %(last)s and e.org_id = %(org_id)s
    and e.received_at <= to_timestamp(%(until)s::bigint / 1000000.0)
order by e.bucket, e.customer_id, e.seq;

-- versions_until: the versions of an organisation by which events may have been judged
select distinct version from target_group_version where org_id = %(org_id)s
union select version from organisation_version where org_id = %(org_id)s;
