-- request_job: add a job; no row is returned if the same job is already open
insert into job (
    org_id, job_id, kind, subject, after_bucket, after_customer, looked_at, concerned, failed, asked_at, touched_at
)
values (
    %(org_id)s, nextval('job_id_seq'), %(kind)s, %(subject)s, -1, 0, 0, 0, 0,
    to_timestamp(%(now)s::bigint / 1000000.0), to_timestamp(%(now)s::bigint / 1000000.0)
)
on conflict (org_id, kind, subject) where done_at is null do nothing
returning job_id;

-- open_job: the id of the open job of this kind and subject
select job_id from job
where org_id = %(org_id)s and kind = %(kind)s and subject = %(subject)s and done_at is null;

-- subjects_requested: those of these subjects for which a job of this kind was ever requested
select distinct subject from job
where org_id = %(org_id)s and kind = %(kind)s and subject = any(%(subjects)b::text[]);

-- delete_jobs: delete the jobs of this kind about a group, except those with these subjects
delete from job
where org_id = %(org_id)s and kind = %(kind)s and starts_with(subject, %(prefix)s) and not subject = any(%(subjects)b::text[]);

-- next_job: the open job that has waited longest and is not locked; it is locked until this transaction ends
select org_id, job_id, kind, subject, after_bucket, after_customer, looked_at, concerned, failed,
    (extract(epoch from asked_at) * 1000000)::bigint, (extract(epoch from done_at) * 1000000)::bigint
from job
where done_at is null
order by touched_at
limit 1
for update skip locked;

-- job: the job with this id
select org_id, job_id, kind, subject, after_bucket, after_customer, looked_at, concerned, failed,
    (extract(epoch from asked_at) * 1000000)::bigint, (extract(epoch from done_at) * 1000000)::bigint
from job
where org_id = %(org_id)s and job_id = %(job_id)s;

-- save_job: store the state of a job
update job set
    after_bucket = %(after_bucket)s, after_customer = %(after_customer)s, looked_at = %(looked_at)s,
    concerned = %(concerned)s, failed = %(failed)s, touched_at = to_timestamp(%(now)s::bigint / 1000000.0),
    done_at = to_timestamp(%(done_at)s::bigint / 1000000.0)
where org_id = %(org_id)s and job_id = %(job_id)s;

-- standings_after: the customers of an organisation behind a customer, in the order of buckets
select s.bucket, s.customer_id
from standing as s
where s.org_id = %(org_id)s
    and (s.bucket, s.org_id, s.customer_id) > (%(bucket)s, %(org_id)s::bigint, %(customer_id)s::bigint)
order by s.bucket, s.org_id, s.customer_id
limit %(limit)s;

-- customers_with_events: those of these customers with an event of one of these names in a half-open span
select k.customer_id
from unnest(%(buckets)b::int[], %(customers)b::bigint[]) as k (bucket, customer_id)
where exists (
    select from event as e
    where e.bucket = k.bucket and e.org_id = %(org_id)s and e.customer_id = k.customer_id
        and e.name = any(%(names)b::text[])
        and e.occurred_at >= to_timestamp(%(since)s::bigint / 1000000.0)
        and e.occurred_at < to_timestamp(%(until)s::bigint / 1000000.0)
);
