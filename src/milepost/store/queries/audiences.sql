-- fresh_audience_id: the id of an audience to be made
select nextval('audience_id_seq');

-- fresh_audience_version_id: the id of a version to be made
select nextval('audience_version_id_seq');

-- add_audience: write a new audience; nothing if the name is taken
insert into audience (org_id, audience_id, name, created_at)
values (%(org_id)s, %(audience_id)s, %(name)s, to_timestamp(%(now)s / 1000000.0))
on conflict do nothing
returning audience_id;

-- add_audience_version: write a new version of an audience
insert into audience_version (org_id, audience_id, version_id, created_at)
values (%(org_id)s, %(audience_id)s, %(version_id)s, to_timestamp(%(now)s / 1000000.0));

-- audience_called: the audience that has this name, whatever its case
select audience_id from audience
where org_id = %(org_id)s and lower(name) = lower(%(name)s) and deleted_at is null;

-- rename_audience: call an audience otherwise
update audience set name = %(name)s where org_id = %(org_id)s and audience_id = %(audience_id)s;

-- delete_audience: let an audience be found no more; its name is free again
update audience set deleted_at = to_timestamp(%(now)s / 1000000.0)
where org_id = %(org_id)s and audience_id = %(audience_id)s;

-- hold_audience: keep an audience as it is until this transaction ends, beside others who only look at it
select audience_id from audience
where org_id = %(org_id)s and audience_id = %(audience_id)s and deleted_at is null
for share;

-- lock_audiences: keep everybody else from entering these audiences until this transaction ends
select audience_id from audience where org_id = %(org_id)s and audience_id = any(%(audiences)b::bigint[])
order by audience_id
for update;

-- audiences_after: audiences of an organisation after an id, in order
select audience_id, name, (extract(epoch from created_at) * 1000000)::bigint
from audience
where org_id = %(org_id)s and audience_id > %(after)s and deleted_at is null
order by audience_id
limit %(limit)s;

-- audience_versions: the versions of these audiences, in order
select audience_id, version_id, (extract(epoch from created_at) * 1000000)::bigint
from audience_version
where org_id = %(org_id)s and audience_id = any(%(audiences)b::bigint[])
order by audience_id, version_id;

-- member_counts: how many are in these versions, over all buckets
select version_id, count(*)
from audience_member
where org_id = %(org_id)s and version_id = any(%(versions)b::bigint[])
group by version_id;

-- enter_audience: let customers be in a version; gives those who were not
insert into audience_member (bucket, org_id, version_id, customer_id, entered_at)
select k.bucket, %(org_id)s, %(version_id)s, k.customer_id, to_timestamp(%(now)s::bigint / 1000000.0)
from unnest(%(buckets)b::int[], %(customers)b::bigint[]) as k (bucket, customer_id)
on conflict (bucket, org_id, version_id, customer_id) do nothing
returning customer_id;

-- leave_audience: let a customer be in a version no more
delete from audience_member
where bucket = %(bucket)s and org_id = %(org_id)s and version_id = %(version_id)s and customer_id = %(customer_id)s
returning customer_id;

-- versions_of: the versions of audiences that a customer is in
select version_id from audience_member
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s
order by version_id;

-- enter_versions: let a customer be in these versions
insert into audience_member (bucket, org_id, version_id, customer_id, entered_at)
select %(bucket)s, %(org_id)s, k.version_id, %(customer_id)s, to_timestamp(%(now)s::bigint / 1000000.0)
from unnest(%(versions)b::bigint[]) as k (version_id)
on conflict (bucket, org_id, version_id, customer_id) do nothing;

-- leave_versions: let a customer be in no audience
delete from audience_member
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- members_after: who is in a version, after a customer, in the order of buckets
select bucket, customer_id, (extract(epoch from entered_at) * 1000000)::bigint
from audience_member
where org_id = %(org_id)s and version_id = %(version_id)s
    and (bucket, customer_id) > (%(bucket)s, %(customer_id)s::bigint)
order by bucket, customer_id
limit %(limit)s;
