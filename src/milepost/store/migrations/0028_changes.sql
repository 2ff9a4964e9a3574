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
