-- Erasures of customers' data. The record holds nothing of the person; after a restore it says whom to erase again.
create table erasure (
    org_id bigint not null references organisation,
    customer_id bigint not null,
    erased_at timestamptz not null,
    reference text not null,
    events bigint not null,
    primary key (org_id, customer_id)
);

-- What is left of the events of erased customers: the number, the version and a digest, by which the log stays provable.
create table erased_event (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    seq bigint not null,
    version bigint not null,
    digest bytea not null,
    primary key (bucket, org_id, customer_id, seq)
);
