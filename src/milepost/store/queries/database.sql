-- durability: the server's settings without which confirmed transactions may be lost
select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit');

-- database_state: whether the database is read-only, its clock, the boundary that waits longest, and open jobs
select
    pg_is_in_recovery() or current_setting('transaction_read_only') = 'on',
    (extract(epoch from clock_timestamp()) * 1000000)::bigint,
    (select (extract(epoch from min(due_at)) * 1000000)::bigint from turn where done_at is null),
    (select count(*) from job where done_at is null);

-- applied_migrations: the names of the migrations that were applied
select name from migration;
