-- Audiences can be deleted: they stay, with their members, for what has counted, and their names are free again.
alter table audience add column deleted_at timestamptz;
drop index audience_name;
create unique index audience_name on audience (org_id, lower(name)) where deleted_at is null;
