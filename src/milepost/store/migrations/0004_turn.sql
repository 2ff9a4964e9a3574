-- Work that time brings: a period that opened or closed, or the windows of a group's customers.

create table turn (
    org_id bigint not null references organisation,
    group_id bigint not null,
    period_id bigint not null,
    kind text not null,
    due_at timestamptz not null,
    since timestamptz not null,
    epoch bigint not null default 0,
    leased_until timestamptz,
    after_bucket int not null default -1,
    after_customer bigint not null default 0,
    done_at timestamptz,
    primary key (org_id, group_id, period_id, kind)
);

create index turn_due on turn (due_at) where done_at is null;
