-- The present schema. The migrations must lead to exactly this schema (tests/store/test_schema.py).
-- Every key of customer data begins with the bucket, crc32(organisation, customer) % 4096, which the application
-- computes, so that the same schema runs on a distributed PostgreSQL. Definitions are small tables; such a database
-- copies them to every node.

create sequence organisation_id_seq start 1001;
create sequence group_id_seq start 2001;
create sequence period_id_seq start 30001;
create sequence target_id_seq start 3001;
create sequence goal_id_seq start 127001;
create sequence trigger_id_seq start 10001;
create sequence streak_level_id_seq start 101;
create sequence rule_set_id_seq start 126000002 increment by 2;
create sequence reference_id_seq start 50001;
create sequence customer_id_seq start 40000001;
create sequence communication_id_seq start 1001;

-- The tenant. version grows with each change of a definition or a setting.
create table organisation (
    org_id bigint primary key,
    name text not null,
    zone text not null,
    version bigint not null,
    webhook_id text not null,
    created_at timestamptz not null,
    parent_id bigint references organisation,
    earlier_webhook_id text,
    earlier_webhook_until timestamptz,
    request_rate int,
    caller_rate int
);
-- The children of an organisation.
create index organisation_parent on organisation (parent_id) where parent_id is not null;
-- No two organisations share a name.
create unique index organisation_name on organisation (lower(name));
-- The secret address of a webhook belongs to one organisation.
create unique index organisation_webhook on organisation (webhook_id);
-- An address that was replaced is valid for a while.
create unique index organisation_earlier_webhook on organisation (earlier_webhook_id);

-- Organisations to try things in, each with a clock of its own. It stands at frozen_at; without that it runs so many
-- microseconds ahead of real time.
create table sandbox (
    org_id bigint primary key references organisation,
    frozen_at timestamptz,
    ahead bigint not null default 0
);

-- The settings in force from a version on. changed_at and changed_by are null where they are unknown.
create table organisation_version (
    org_id bigint not null references organisation,
    version bigint not null,
    settings text not null,
    changed_at timestamptz,
    changed_by text,
    primary key (org_id, version)
);

-- The complete definition of a group, in force from a version on, which was made at made_at.
create table target_group_version (
    org_id bigint not null references organisation,
    group_id bigint not null,
    version bigint not null,
    body text not null,
    made_at timestamptz,
    primary key (org_id, group_id, version)
);

-- Names are unique per kind within an organisation, in any case.
create table name_taken (
    org_id bigint not null references organisation,
    kind text not null,
    name_key text not null,
    holder_id bigint not null,
    primary key (org_id, kind, name_key)
);

-- Period boundaries: the customers of a group are notified that a period opened or closed. due_at is on Milepost's
-- clock, leased_until on the database's. A server that leases a boundary raises its epoch, and continues only while the
-- epoch is the one it set. Customers up to after_bucket and after_customer were notified. Customers' own windows (kind
-- windows, period 0) are checked again and again: each check covers the time from since up to due_at.
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
-- The boundary that has been due longest is leased first.
create index turn_due on turn (due_at) where done_at is null;

-- Communications: texts to customers about a target.
create table communication (
    org_id bigint not null references organisation,
    target_id bigint not null,
    communication_id bigint not null,
    body text not null,
    primary key (org_id, target_id, communication_id)
);

-- Places. changed_in is the version of the organisation that changed the place last.
create table zone (
    org_id bigint not null references organisation,
    zone_id bigint not null,
    code text not null,
    name text not null,
    changed_in bigint not null default 0,
    primary key (org_id, zone_id),
    unique (org_id, code)
);

create table concept (
    org_id bigint not null references organisation,
    concept_id bigint not null,
    code text not null,
    name text not null,
    changed_in bigint not null default 0,
    primary key (org_id, concept_id),
    unique (org_id, code)
);

create table store (
    org_id bigint not null references organisation,
    store_id bigint not null,
    code text not null,
    name text not null,
    zone_id bigint,
    concept_id bigint,
    external_id text,
    external_id_1 text,
    external_id_2 text,
    changed_in bigint not null default 0,
    primary key (org_id, store_id),
    unique (org_id, code),
    foreign key (org_id, zone_id) references zone,
    foreign key (org_id, concept_id) references concept
);
-- The stores that changed after a version.
create index store_changed on store (org_id, changed_in);

create table till (
    org_id bigint not null references organisation,
    till_id bigint not null,
    code text not null,
    name text not null,
    store_id bigint,
    changed_in bigint not null default 0,
    primary key (org_id, till_id),
    unique (org_id, code),
    foreign key (org_id, store_id) references store
);
-- The tills that changed after a version.
create index till_changed on till (org_id, changed_in);

-- Loyalty programmes.
create table program (
    org_id bigint not null references organisation,
    program_id bigint not null,
    name text not null,
    primary key (org_id, program_id)
);
-- No two programmes of an organisation share a name.
create unique index program_name on program (org_id, lower(name));

-- Reward currencies beside points.
create table alternate_currency (
    org_id bigint not null,
    program_id bigint not null,
    identifier text not null,
    name text not null,
    primary key (org_id, program_id, identifier),
    foreign key (org_id, program_id) references program
);

-- Extended and custom fields that an organisation declares to use.
create table declared_field (
    org_id bigint not null references organisation,
    family text not null,
    entity text not null,
    name text not null,
    type text not null,
    label text not null,
    primary key (org_id, family, entity, name)
);

-- Behavioural events that an organisation has defined.
create table event_definition (
    org_id bigint not null references organisation,
    name text not null,
    event_id text not null,
    is_active boolean not null,
    body text not null,
    changed_at timestamptz not null,
    primary key (org_id, name)
);

-- A till's login. The code is the user name, so it is unique in the whole database.
create table login (
    code text primary key,
    org_id bigint not null,
    till_id bigint not null,
    password_hash text not null,
    role text not null,
    disabled_at timestamptz,
    earlier_hash text,
    earlier_until timestamptz,
    scopes text[],
    foreign key (org_id, till_id) references till,
    constraint login_role_known check (role in ('READ', 'EVENTS', 'ADMIN'))
);

-- A client that requests tokens. Only a digest of its secret is stored.
create table api_key (
    key text primary key,
    org_id bigint not null references organisation,
    key_id bigint not null,
    name text not null,
    secret_digest bytea not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    role text not null,
    earlier_digest bytea,
    earlier_until timestamptz,
    scopes text[],
    constraint api_key_role_known check (role in ('READ', 'EVENTS', 'ADMIN'))
);

create table access_token (
    token_digest bytea primary key,
    key text not null references api_key,
    expires_at timestamptz not null
);

-- People who sign in with an e-mail address. `failures` are wrong passwords since the last right one.
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
-- An address is one person in each organisation.
create unique index user_account_email on user_account (email, org_id);
-- The users of an organisation, in order.
create index user_account_of_organisation on user_account (org_id, user_id);

-- The link by which a person chooses a password; each person has at most one. Only its digest is stored.
create table one_time_link (
    user_id bigint primary key references user_account,
    link_digest bytea not null unique,
    expires_at timestamptz not null
);

-- Signed-in browsers. Only digests of sessions are stored.
create table user_session (
    session_digest bytea primary key,
    user_id bigint not null references user_account,
    started_at timestamptz not null,
    expires_at timestamptz not null
);
-- The sessions of a person.
create index user_session_of_user on user_session (user_id);
-- The sessions that have expired.
create index user_session_old on user_session (expires_at);

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
-- The acts that concern an organisation.
create index administrative_act_of_organisation on administrative_act (org_id, act_id);

-- The last requests, for the pages of operators. Rows are deleted when they are older than the time that is kept.
create table answered_request (
    number bigint generated always as identity primary key,
    answered_at timestamptz not null,
    org_id bigint,
    login text not null,
    method text not null,
    route text not null,
    status int not null,
    milliseconds int not null,
    events int not null,
    request_id text not null,
    address text not null
);
-- The requests of an organisation, latest first.
create index answered_request_of_organisation on answered_request (org_id, number);
-- The requests that are old.
create index answered_request_old on answered_request (answered_at);

-- The profiles of customers. A hidden customer is not shown on leaderboards.
create table customer (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    body text not null,
    hidden boolean not null default false,
    primary key (bucket, org_id, customer_id)
);
-- Boards leave hidden customers out; there are few of them.
create index customer_hidden on customer (org_id, customer_id) where hidden;

-- The identifiers of customers. The bucket is computed from the identifier.
create table identity (
    bucket int not null,
    org_id bigint not null,
    kind text not null,
    value text not null,
    customer_id bigint not null,
    primary key (bucket, org_id, kind, value)
);

-- The standing of one customer in one packed row. It is stored inline, because out-of-line storage is much slower. head
-- is the end of the chain over the customer's log: the number of the last event and a digest of it and of all before it;
-- empty before the first event, null where it has not been computed (decision 0047).
create table standing (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    body bytea not null,
    head bytea,
    primary key (bucket, org_id, customer_id)
) with (fillfactor = 70, toast_tuple_target = 8160);
alter table standing alter column body set storage external;

-- Archived progress: progress of ended periods, which has left the live row.
create table history (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    target_id bigint not null,
    period_id bigint not null,
    body bytea not null,
    primary key (bucket, org_id, customer_id, target_id, period_id)
);

-- The log: events and the entries they made. Rows are only added. seq is the number of the event within the customer,
-- version the organisation's version by which it was applied, reference the number of a bill or the bill that a return
-- names.
create table event (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    source text not null,
    event_id text not null,
    name text not null,
    reference text,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    seq bigint not null,
    version bigint not null,
    content_hash bytea not null,
    body text not null,
    entries text not null,
    primary key (bucket, org_id, customer_id, source, event_id)
) with (toast_tuple_target = 4080);

-- Bills are found by their number, returns by the bill that they name.
create index event_reference on event (bucket, org_id, customer_id, reference) where reference is not null;

-- The latest events of all customers. Events lie in the order of receipt, so the bounds of each span of pages are enough.
create index event_received on event using brin (received_at) with (pages_per_range = 32, autosummarize = on);

-- Which customer an event is for: source and id name it in the whole organisation. digest is that of source and id.
-- A bill number of v2 may name further bills, years apart: then the claim has the date, the number of the occurrence,
-- and for all but the first the id that the event has in the log.
create table event_claim (
    org_id bigint not null,
    customer_id bigint not null,
    dated_at timestamptz,
    bucket int not null,
    occurrence smallint not null,
    digest bytea not null,
    event_id text,
    primary key (bucket, org_id, digest, occurrence)
);

-- The outcomes of one event, to be delivered at least once. They are written in the same transaction as the standing.
-- The outcomes of one event, to be delivered at least once. They are written in the same transaction as the standing, and
-- leave when they are relayed. A row that a mistake of ours keeps from that is set aside at failed_at.
create table outbox (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    seq bigint not null,
    body text not null,
    failed_at timestamptz,
    primary key (bucket, org_id, customer_id, seq)
);

create sequence audience_id_seq start 7001;
create sequence audience_version_id_seq start 71001;
create sequence job_id_seq start 1;

-- A named group of customers.
create table audience (
    org_id bigint not null references organisation,
    audience_id bigint not null,
    name text not null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    primary key (org_id, audience_id)
);
-- No two audiences of an organisation share a name, deleted ones aside.
create unique index audience_name on audience (org_id, lower(name)) where deleted_at is null;

-- Members belong to a version of an audience. The version with the greatest id is the current version.
create table audience_version (
    org_id bigint not null,
    audience_id bigint not null,
    version_id bigint not null,
    created_at timestamptz not null,
    primary key (org_id, audience_id, version_id),
    foreign key (org_id, audience_id) references audience
);

-- The members of a version of an audience. The bucket is the customer's.
create table audience_member (
    bucket int not null,
    org_id bigint not null,
    version_id bigint not null,
    customer_id bigint not null,
    entered_at timestamptz not null,
    primary key (bucket, org_id, version_id, customer_id)
);
-- Members are counted and listed by version.
create index audience_members on audience_member (org_id, version_id, bucket, customer_id);

-- Jobs: long work that is done page by page. It continues behind after_bucket and after_customer.
create table job (
    org_id bigint not null references organisation,
    job_id bigint not null,
    kind text not null,
    subject text not null,
    after_bucket int not null,
    after_customer bigint not null,
    looked_at bigint not null,
    concerned bigint not null,
    failed bigint not null,
    asked_at timestamptz not null,
    touched_at timestamptz not null,
    done_at timestamptz,
    primary key (org_id, job_id)
);
-- The same job is open at most once.
create unique index job_open on job (org_id, kind, subject) where done_at is null;
-- The job that has waited longest is next.
create index job_next on job (touched_at) where done_at is null;
-- Scores on leaderboards, for targets that have one. written is the number of the transaction that wrote the row last,
-- by which readers find changes. value is in units, null for a customer who was merged into another.
create table score (
    bucket int not null,
    org_id bigint not null,
    target_id bigint not null,
    period_id bigint not null,
    customer_id bigint not null,
    value numeric,
    active_at timestamptz not null,
    written bigint not null,
    primary key (bucket, org_id, target_id, period_id, customer_id)
);
-- Changes of a board are read from a transaction's number on.
create index score_written on score (org_id, target_id, period_id, written);

-- Closed boards in parts, in order of rank.
create table final_board (
    org_id bigint not null references organisation,
    target_id bigint not null,
    period_id bigint not null,
    part int not null,
    closed_at timestamptz not null,
    body bytea not null,
    primary key (org_id, target_id, period_id, part)
);

create sequence customer_goal_id_seq start 1001;

-- A goal that a customer set: its target, the template from which that was made, and the customer's name for it.
create table customer_goal (
    bucket int not null,
    org_id bigint not null,
    customer_id bigint not null,
    goal_id bigint not null,
    template_id bigint not null,
    target_id bigint not null,
    name text not null,
    made_at timestamptz not null,
    changed_at timestamptz not null,
    cancelled_at timestamptz,
    primary key (bucket, org_id, customer_id, goal_id)
);

create sequence webhook_id_seq start 1001;
create sequence delivery_id_seq start 1;
create sequence announcement_seq start 1;
create sequence queue_id_seq start 1;
create sequence dead_letter_id_seq start 1;

-- Webhooks: who is told of outcomes. failures counts failed attempts since the last success; until open_until nothing is
-- sent (its circuit is open); free_at bounds the rate. Instants are on the clock of the senders.
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

-- Sixteen groups of buckets. A server leases a group to move its outbox rows to deliveries and to the feed; position is
-- the last number that was dealt in the feed, in the order of commits.
create table relay (
    relay_id int primary key,
    epoch bigint not null default 0,
    leased_until timestamptz,
    position bigint not null default 0
);
insert into relay (relay_id) select * from generate_series(0, 15);

-- One message for one webhook. A sender that claims it raises its epoch and may record an attempt only with that epoch.
-- number counts the messages of one customer to one webhook.
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
-- A message goes to a webhook under one id, however often it is relayed.
create unique index delivery_message on delivery (bucket, org_id, webhook_id, message_id);
-- What is due is claimed by webhook, so that none waits behind another.
create index delivery_due on delivery (org_id, webhook_id, next_at) where state = 'PENDING';
-- Deliveries are listed by webhook, latest first.
create index delivery_listed on delivery (org_id, webhook_id, delivery_id);
-- What is done is deleted after some days.
create index delivery_done on delivery (done_at) where done_at is not null;

-- The last number of a customer's messages to a webhook.
create table delivery_number (
    bucket int not null,
    org_id bigint not null,
    webhook_id bigint not null,
    customer_id bigint not null,
    last bigint not null,
    primary key (bucket, org_id, webhook_id, customer_id)
);

-- Requests to receivers and their answers.
create table attempt (
    bucket int not null,
    org_id bigint not null,
    delivery_id bigint not null,
    attempt_id bigint not null,
    body text not null,
    primary key (bucket, org_id, delivery_id, attempt_id)
);

-- Messages to be fetched, numbered in the order in which their group of buckets committed them.
create table feed (
    relay_id int not null,
    org_id bigint not null,
    position bigint not null,
    body text not null,
    written_at timestamptz not null,
    primary key (relay_id, org_id, position)
);
-- The feed keeps some days.
create index feed_written on feed (written_at);

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

-- Drafts of definitions beside those in force.
create table definition_draft (
    org_id bigint not null references organisation (org_id),
    group_id bigint not null,
    revision bigint not null,
    body text not null,
    saved_at timestamptz not null,
    saved_by text not null,
    primary key (org_id, group_id)
);
-- Changes of definitions: from the preview of a draft to the end of the recomputation.
create table definition_change (
    org_id bigint not null references organisation (org_id),
    change_id bigint generated always as identity,
    group_id bigint not null,
    batch bigint,
    state text not null,
    policy text not null,
    revokes boolean not null,
    draft_revision bigint not null,
    live_version bigint not null,
    settings text not null,
    body text not null,
    looked_at bigint not null,
    gain bigint not null,
    lose bigint not null,
    asked_at timestamptz not null,
    asked_by text not null,
    reviewed_by text,
    comment text not null,
    starts_at timestamptz,
    published_at timestamptz,
    version bigint,
    primary key (org_id, change_id)
);
create index definition_change_of_group on definition_change (org_id, group_id, change_id);
create index definition_change_open on definition_change (org_id) where state in ('scheduled', 'recomputing');
-- Which changes of definitions were published from files.
create table change_from_files (
    org_id bigint not null references organisation (org_id),
    change_id bigint not null,
    primary key (org_id, change_id)
);
-- Customers who gain or lose by a change, as its preview found them.
create table change_effect (
    bucket int not null,
    org_id bigint not null,
    change_id bigint not null,
    customer_id bigint not null,
    gains text not null,
    losses text not null,
    primary key (bucket, org_id, change_id, customer_id)
);
create index change_effect_of_change on change_effect (org_id, change_id, bucket, customer_id);

-- Queues that events are read from. One server at a time reads a queue: the holder of its lease.
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

-- The position that is read next, by partition: all before it was received as events or is a dead letter.
create table queue_position (
    org_id bigint not null,
    queue_id bigint not null,
    partition int not null,
    position bigint not null,
    primary key (org_id, queue_id, partition),
    foreign key (org_id, queue_id) references queue on delete cascade
);

-- Messages of queues that are no events, or that were refused.
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

-- The second wall: a session sees and writes rows of the organisations that it names, and of no other (decision 0046).
-- milepost.organisations holds their ids, separated by commas, or * for all; where it is empty, nothing is seen. A session
-- that never set it is that of an administrator, or of a program of before: it sees everything, unless it serves.
-- store/sql/row_security.py guards every table that has an org_id by a policy that asks these functions.
create function visible_organisations() returns bigint[] language sql stable parallel safe return
    string_to_array(nullif(nullif(current_setting('milepost.organisations', true), ''), '*'), ',')::bigint[];
create function sees_every_organisation() returns boolean language sql stable parallel safe return
    coalesce(current_setting('milepost.organisations', true) = '*', current_user <> 'milepost_application');

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
