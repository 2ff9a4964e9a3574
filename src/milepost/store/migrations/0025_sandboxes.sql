-- Organisations to try things in, each with a clock of its own. It stands at frozen_at; without that it runs so many
-- microseconds ahead of real time.
create table sandbox (
    org_id bigint primary key references organisation,
    frozen_at timestamptz,
    ahead bigint not null default 0
);
