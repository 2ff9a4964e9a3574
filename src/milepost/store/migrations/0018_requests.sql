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
create index answered_request_of_organisation on answered_request (org_id, number);
create index answered_request_old on answered_request (answered_at);
