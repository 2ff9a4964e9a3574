-- Queues that events are read from, how far they were read, and messages that are no events.
create sequence queue_id_seq start 1;
create sequence dead_letter_id_seq start 1;
create table queue (
    org_id bigint not null references organisation,
    queue_id bigint not null,
    url text not null,
    sealed text not null,
    is_active boolean not null,
    epoch bigint not null default 0,
    leased_until timestamptz,
    lag bigint,
    failure text,
    read_at timestamptz,
    created_at timestamptz not null,
    primary key (org_id, queue_id)
);
create table queue_position (
    org_id bigint not null,
    queue_id bigint not null,
    partition int not null,
    position bigint not null,
    primary key (org_id, queue_id, partition),
    foreign key (org_id, queue_id) references queue on delete cascade
);
create table dead_letter (
    org_id bigint not null,
    queue_id bigint not null,
    dead_letter_id bigint not null,
    partition int not null,
    position bigint not null,
    body bytea not null,
    reason text not null,
    written_at timestamptz not null,
    primary key (org_id, queue_id, dead_letter_id),
    unique (org_id, queue_id, partition, position),
    foreign key (org_id, queue_id) references queue on delete cascade
);
