-- oldest: 0028_changes.sql
-- The chain over each customer's log: the number of the last event and a digest of it and of all before it; empty before
-- the first event, null where it has not been computed (decision 0047).
alter table standing add column head bytea;

-- The ends of the chains of erased customers, which lead over the digests that are left of their events.
create table erased_chain (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    head bytea not null,
    primary key (bucket, org_id, customer_id)
);

-- Signed roots over the ends of all chains, each after the one before. checked and broken are the customers whose chain
-- was checked against the root before, and those whose chain was broken; recomputed and differing those whose log was
-- replayed, and whose standing differs.
create sequence chain_root_id_seq start 1;
create table chain_root (
    root_id bigint primary key,
    previous_id bigint not null unique,
    made_at timestamptz not null,
    customers bigint not null,
    events bigint not null,
    digest bytea not null,
    signature bytea not null,
    checked bigint not null,
    broken bigint not null,
    recomputed bigint not null,
    differing bigint not null
);

-- The ends of the chains that the latest root holds, packed, by bucket.
create table chain_leaves (
    root_id bigint not null,
    bucket int not null,
    body bytea not null,
    primary key (root_id, bucket)
);
