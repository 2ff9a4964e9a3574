-- durability: the server's settings without which confirmed transactions may be lost
select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit');

-- configure: set the settings of a connection
select count(set_config(s.name, s.value, false)) from unnest(%(names)s::text[], %(values)s::text[]) as s (name, value);

-- database_state: whether the database is read-only, its clock, what waits, and who waits for locks; of the outbox only
-- its first ten thousand rows are looked at
with waiting as (select bucket, org_id, customer_id, seq, failed_at from outbox limit 10001)
select
    pg_is_in_recovery() or current_setting('transaction_read_only') = 'on',
    (extract(epoch from clock_timestamp()) * 1000000)::bigint,
    (select (extract(epoch from min(due_at)) * 1000000)::bigint from turn where done_at is null),
    (select count(*) from job where done_at is null),
    (select count(*) from waiting where failed_at is null),
    (select count(*) from waiting where failed_at is not null),
    (
        select concat_ws(' ', bucket, org_id, customer_id, seq) from outbox where failed_at is null
        order by bucket, org_id, customer_id, seq limit 1
    ),
    (
        select (extract(epoch from min(d.next_at)) * 1000000)::bigint
        from webhook as w
        cross join lateral (
            select next_at from delivery
            where org_id = w.org_id and webhook_id = w.webhook_id and state = 'PENDING'
            order by next_at limit 1
        ) as d
        where w.is_active and coalesce(w.open_until < clock_timestamp(), true)
    ),
    (select count(*) from pg_locks where not granted);

-- disabled_webhooks: webhooks that were disabled because of their failures
select org_id, webhook_id, disabled_reason from webhook
where not is_active and disabled_reason is not null
order by org_id, webhook_id
limit 20;

-- applied_migrations: the names of the migrations that were applied
select name from migration;
