-- What a brand declares: programmes, their currencies, and extra fields.
create table program (
    org_id bigint not null references organisation,
    program_id bigint not null,
    name text not null,
    primary key (org_id, program_id)
);
create unique index program_name on program (org_id, lower(name));
create table alternate_currency (
    org_id bigint not null,
    program_id bigint not null,
    identifier text not null,
    name text not null,
    primary key (org_id, program_id, identifier),
    foreign key (org_id, program_id) references program
);
create table declared_field (
    org_id bigint not null references organisation,
    family text not null,
    entity text not null,
    name text not null,
    type text not null,
    label text not null,
    primary key (org_id, family, entity, name)
);
create table event_definition (
    org_id bigint not null references organisation,
    name text not null,
    event_id text not null,
    is_active boolean not null,
    body text not null,
    changed_at timestamptz not null,
    primary key (org_id, name)
);
