-- Scores of leaderboards, and boards that are closed.
create table score (
    bucket int not null,
    org_id bigint not null,
    target_id bigint not null,
    period_id bigint not null,
    customer_id bigint not null,
    value numeric not null,
    active_at timestamptz not null,
    written bigint not null,
    primary key (bucket, org_id, target_id, period_id, customer_id)
);
create index score_written on score (org_id, target_id, period_id, written);
create table final_board (
    org_id bigint not null references organisation,
    target_id bigint not null,
    period_id bigint not null,
    part int not null,
    closed_at timestamptz not null,
    body bytea not null,
    primary key (org_id, target_id, period_id, part)
);
