-- A customer who was merged into another is on no board any more: the row stays, so that readers learn of it.
alter table score alter column value drop not null;
