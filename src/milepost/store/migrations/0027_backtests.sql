-- Back-tests: what was asked, how far it is, its result; and the result of each part of the buckets.
create table backtest (
    org_id bigint not null references organisation (org_id),
    backtest_id bigint generated always as identity,
    state text not null,
    request text not null,
    result text,
    asked_at timestamptz not null,
    done_at timestamptz,
    leased_until timestamptz,
    primary key (org_id, backtest_id)
);
create index backtest_open on backtest (backtest_id) where state = 'running';
create table backtest_part (
    org_id bigint not null,
    backtest_id bigint not null,
    part int not null,
    tally text not null,
    differences bytea not null,
    primary key (org_id, backtest_id, part),
    foreign key (org_id, backtest_id) references backtest (org_id, backtest_id) on delete cascade
);
