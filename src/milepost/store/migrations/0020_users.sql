-- oldest: 0018_requests.sql
-- People who sign in, the one-time links by which they choose a password, and their sessions. Scopes narrow what a
-- till's login or a key may do; without any its role decides alone.
create table user_account (
    user_id bigint primary key,
    org_id bigint not null references organisation,
    email text not null,
    name text not null,
    role text not null,
    password_hash text,
    failures int not null default 0,
    created_at timestamptz not null,
    disabled_at timestamptz,
    constraint user_account_email_small check (email = lower(email)),
    constraint user_account_role_known check (
        role in ('OWNER', 'ADMIN', 'MARKETER', 'APPROVER', 'SUPPORT', 'DEVELOPER', 'ANALYST')
    )
);
create unique index user_account_email on user_account (email, org_id);
create index user_account_of_organisation on user_account (org_id, user_id);
create table one_time_link (
    user_id bigint primary key references user_account,
    link_digest bytea not null unique,
    expires_at timestamptz not null
);
create table user_session (
    session_digest bytea primary key,
    user_id bigint not null references user_account,
    started_at timestamptz not null,
    expires_at timestamptz not null
);
create index user_session_of_user on user_session (user_id);
create index user_session_old on user_session (expires_at);
alter table login add column scopes text[];
alter table api_key add column scopes text[];
-- How many requests a second are answered for an organisation, and for each of its callers; null is what the server's
-- settings say, 0 is no limit.
alter table organisation add column request_rate int;
alter table organisation add column caller_rate int;
