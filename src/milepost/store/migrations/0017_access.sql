-- Logins and keys can be listed, disabled and replaced. The earlier secret is valid until the time that overlaps.
alter table login add column disabled_at timestamptz;
alter table login add column earlier_hash text;
alter table login add column earlier_until timestamptz;
alter table api_key add column earlier_digest bytea;
alter table api_key add column earlier_until timestamptz;
alter table organisation add column earlier_webhook_id text;
alter table organisation add column earlier_webhook_until timestamptz;
create unique index organisation_earlier_webhook on organisation (earlier_webhook_id);
-- Grows with each change of a login or a key. Servers look at it once a second, and forget whom they remember.
create table access_change (
    only_row boolean primary key default true,
    number bigint not null,
    constraint access_change_one_row check (only_row)
);
insert into access_change (number) values (0);
-- When a login or a key was used last, to the minute.
create table last_use (
    kind text not null,
    name text not null,
    used_at timestamptz not null,
    primary key (kind, name)
);
-- What administrators did: the act, its subject, by whom and when.
create table administrative_act (
    act_id bigint generated always as identity primary key,
    acted_at timestamptz not null,
    org_id bigint,
    actor text not null,
    act text not null,
    subject text not null
);
create index administrative_act_of_organisation on administrative_act (org_id, act_id);
