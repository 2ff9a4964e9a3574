-- fresh_customer_goal_id: a new id for a customer's goal
select nextval('customer_goal_id_seq');

-- customer_goals: the goals of a customer, latest first
select goal_id, template_id, target_id, name, (extract(epoch from made_at) * 1000000)::bigint,
    (extract(epoch from changed_at) * 1000000)::bigint, (extract(epoch from cancelled_at) * 1000000)::bigint
from customer_goal
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s
order by goal_id desc;

-- delete_customer_goals: delete the goals of a customer
delete from customer_goal
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- save_customer_goal: add a goal, or replace the goal with the same id
insert into customer_goal (
    bucket, org_id, customer_id, goal_id, template_id, target_id, name, made_at, changed_at, cancelled_at
)
values (
    %(bucket)s, %(org_id)s, %(customer_id)s, %(goal_id)s, %(template_id)s, %(target_id)s, %(name)s,
    to_timestamp(%(made_at)s::bigint / 1000000.0), to_timestamp(%(changed_at)s::bigint / 1000000.0),
    to_timestamp(%(cancelled_at)s::bigint / 1000000.0)
)
on conflict (bucket, org_id, customer_id, goal_id) do update set
    target_id = excluded.target_id, name = excluded.name, changed_at = excluded.changed_at,
    cancelled_at = excluded.cancelled_at;
