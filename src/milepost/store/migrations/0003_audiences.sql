-- Audiences and their members, and long work that is done page by page.
create sequence audience_id_seq start 7001;
create sequence audience_version_id_seq start 71001;
create sequence job_id_seq start 1;

create table audience (
    org_id bigint not null references organisation,
    audience_id bigint not null,
    name text not null,
    created_at timestamptz not null,
    primary key (org_id, audience_id)
);
create unique index audience_name on audience (org_id, lower(name));

create table audience_version (
    org_id bigint not null,
    audience_id bigint not null,
    version_id bigint not null,
    created_at timestamptz not null,
    primary key (org_id, audience_id, version_id),
    foreign key (org_id, audience_id) references audience
);

create table audience_member (
    bucket int not null,
    org_id bigint not null,
    version_id bigint not null,
    customer_id bigint not null,
    entered_at timestamptz not null,
    primary key (bucket, org_id, version_id, customer_id)
);
create index audience_members on audience_member (org_id, version_id, bucket, customer_id);

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
create unique index job_open on job (org_id, kind, subject) where done_at is null;
create index job_next on job (touched_at) where done_at is null;
