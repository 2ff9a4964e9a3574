-- Goals that customers set themselves.
create sequence customer_goal_id_seq start 1001;

create table customer_goal (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    goal_id bigint not null,
    template_id bigint not null,
    target_id bigint not null,
    name text not null,
    made_at timestamptz not null,
    changed_at timestamptz not null,
    cancelled_at timestamptz,
    primary key (bucket, org_id, customer_id, goal_id)
);
