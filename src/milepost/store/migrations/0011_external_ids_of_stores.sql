-- What other systems call a store.
alter table store add column external_id text;
alter table store add column external_id_1 text;
alter table store add column external_id_2 text;
