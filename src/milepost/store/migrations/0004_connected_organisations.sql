-- Organisations that belong together: one parent and its children.
alter table organisation add column parent_id bigint references organisation;
create index organisation_parent on organisation (parent_id) where parent_id is not null;
