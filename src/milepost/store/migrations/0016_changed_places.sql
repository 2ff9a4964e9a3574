-- The version of the organisation that changed a place last, so that a server reads only the places that changed.
alter table zone add column changed_in bigint not null default 0;
alter table concept add column changed_in bigint not null default 0;
alter table store add column changed_in bigint not null default 0;
alter table till add column changed_in bigint not null default 0;
create index store_changed on store (org_id, changed_in);
create index till_changed on till (org_id, changed_in);
