-- Webhooks, the deliveries to them, the feed, and who relays the outbox.
create sequence webhook_id_seq start 1001;
create sequence delivery_id_seq start 1;
create sequence announcement_seq start 1;
create table webhook (
    org_id bigint not null references organisation,
    webhook_id bigint not null,
    body text not null,
    secrets text not null,
    since_version bigint not null,
    is_active boolean not null,
    disabled_reason text,
    failures int not null default 0,
    failing_since timestamptz,
    open_until timestamptz,
    free_at timestamptz,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (org_id, webhook_id)
);
create table relay (
    relay_id int primary key,
    epoch bigint not null default 0,
    leased_until timestamptz,
    position bigint not null default 0
);
insert into relay (relay_id) select * from generate_series(0, 15);
create table delivery (
    bucket int not null,
    org_id bigint not null,
    delivery_id bigint not null,
    webhook_id bigint not null,
    customer_id bigint not null,
    message_id text not null,
    type text not null,
    number bigint not null,
    body text not null,
    state text not null,
    attempts int not null default 0,
    epoch bigint not null default 0,
    leased_until timestamptz,
    created_at timestamptz not null,
    next_at timestamptz not null,
    done_at timestamptz,
    primary key (bucket, org_id, delivery_id),
    constraint delivery_state_known check (state in ('PENDING', 'DELIVERED', 'DEAD'))
);
create unique index delivery_message on delivery (bucket, org_id, webhook_id, message_id);
create index delivery_due on delivery (org_id, webhook_id, next_at) where state = 'PENDING';
create index delivery_listed on delivery (org_id, webhook_id, delivery_id);
create index delivery_done on delivery (done_at) where done_at is not null;
create table delivery_number (
    bucket int not null,
    org_id bigint not null,
    webhook_id bigint not null,
    customer_id bigint not null,
    last bigint not null,
    primary key (bucket, org_id, webhook_id, customer_id)
);
create table attempt (
    bucket int not null,
    org_id bigint not null,
    delivery_id bigint not null,
    attempt_id bigint not null,
    body text not null,
    primary key (bucket, org_id, delivery_id, attempt_id)
);
create table feed (
    relay_id int not null,
    org_id bigint not null,
    position bigint not null,
    body text not null,
    written_at timestamptz not null,
    primary key (relay_id, org_id, position)
);
create index feed_written on feed (written_at);
