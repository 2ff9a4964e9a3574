-- The baseline: what a careful engineer writes by hand. One row for each customer, target and period; one statement
-- for each batch.

create table customer (
    customer_id bigint generated always as identity primary key,
    external_id text not null unique
);

create table target (
    target_id int primary key,
    name text not null
);

create table period (
    period_id int primary key,
    ref_code text not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null
);

-- Filters written out: a target has a row for every store that it counts in, with all that judging an event needs.
create table target_store (
    event_name text not null,
    store_id int not null,
    target_id int not null references target,
    counts boolean not null,
    above_cents bigint not null,
    goal bigint not null,
    primary key (event_name, store_id, target_id)
);

-- Reads look a target up by its id alone.
create index target_store_by_target on target_store (target_id);

create table event (
    customer_id bigint not null,
    source text not null,
    event_id text not null,
    name text not null,
    reference text,
    store_id int not null,
    cents bigint not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    body text not null,
    primary key (customer_id, source, event_id)
);

create index event_by_bill on event (customer_id, reference) where name = 'TransactionAdd';

create table progress (
    customer_id bigint not null,
    target_id int not null,
    period_id int not null,
    value bigint not null,
    goal bigint not null,
    enrolled_at timestamptz not null,
    updated_at timestamptz not null,
    achieved_at timestamptz,
    primary key (customer_id, target_id, period_id)
) with (fillfactor = 80);

create table outbox (
    outcome_id bigint generated always as identity primary key,
    customer_id bigint not null,
    target_id int not null,
    period_id int not null,
    achieved_at timestamptz not null,
    value bigint not null
);

-- The physical limit: one packed row for each customer and nothing else.
create table packed (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    body bytea not null,
    primary key (bucket, org_id, customer_id)
) with (fillfactor = 70, toast_tuple_target = 8160);
alter table packed alter column body set storage external;
