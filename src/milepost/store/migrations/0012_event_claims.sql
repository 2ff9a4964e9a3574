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
