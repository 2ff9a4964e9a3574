-- fresh_audience_id: a new id for an audience
select nextval('audience_id_seq');

-- fresh_audience_version_id: a new id for a version of an audience
select nextval('audience_version_id_seq');

-- add_audience: add an audience; no row is returned if its name is taken
insert into audience (org_id, audience_id, name, created_at)
values (%(org_id)s, %(audience_id)s, %(name)s, to_timestamp(%(now)s / 1000000.0))
on conflict do nothing
returning audience_id;

-- add_audience_version: add a version of an audience
insert into audience_version (org_id, audience_id, version_id, created_at)
values (%(org_id)s, %(audience_id)s, %(version_id)s, to_timestamp(%(now)s / 1000000.0));

-- audience_by_name: the id of the audience with this name, in any case
select audience_id from audience
where org_id = %(org_id)s and lower(name) = lower(%(name)s) and deleted_at is null;

-- rename_audience: change the name of an audience
update audience set name = %(name)s where org_id = %(org_id)s and audience_id = %(audience_id)s;

-- delete_audience: mark an audience as deleted; its name is free again
update audience set deleted_at = to_timestamp(%(now)s / 1000000.0)
where org_id = %(org_id)s and audience_id = %(audience_id)s;

-- lock_audience_shared: lock an audience against changes until this transaction ends; other readers do not wait
select audience_id from audience
where org_id = %(org_id)s and audience_id = %(audience_id)s and deleted_at is null
for share;

-- lock_audiences: lock these audiences until this transaction ends, so that no other transaction adds members
select audience_id from audience where org_id = %(org_id)s and audience_id = any(%(audiences)b::bigint[])
order by audience_id
for update;

-- audiences_after: audiences of an organisation with ids greater than an id, in order
select audience_id, name, (extract(epoch from created_at) * 1000000)::bigint
from audience
where org_id = %(org_id)s and audience_id > %(after)s and deleted_at is null
order by audience_id
limit %(limit)s;

-- audience_versions: the versions of these audiences in the order of ids
select audience_id, version_id, (extract(epoch from created_at) * 1000000)::bigint
from audience_version
where org_id = %(org_id)s and audience_id = any(%(audiences)b::bigint[])
order by audience_id, version_id;

-- member_counts: the number of members of these versions, over all buckets
select version_id, count(*)
from audience_member
where org_id = %(org_id)s and version_id = any(%(versions)b::bigint[])
group by version_id;

-- add_members: add customers to a version; the rows returned are those of customers who were not members
insert into audience_member (bucket, org_id, version_id, customer_id, entered_at)
select k.bucket, %(org_id)s, %(version_id)s, k.customer_id, to_timestamp(%(now)s::bigint / 1000000.0)
from unnest(%(buckets)b::int[], %(customers)b::bigint[]) as k (bucket, customer_id)
on conflict (bucket, org_id, version_id, customer_id) do nothing
returning customer_id;

-- remove_member: remove a customer from a version; no row is returned if the customer was no member
delete from audience_member
where bucket = %(bucket)s and org_id = %(org_id)s and version_id = %(version_id)s and customer_id = %(customer_id)s
returning customer_id;

-- versions_of: the versions of audiences of which a customer is a member
select version_id from audience_member
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s
order by version_id;

-- add_member_to_versions: add a customer to these versions
insert into audience_member (bucket, org_id, version_id, customer_id, entered_at)
select %(bucket)s, %(org_id)s, k.version_id, %(customer_id)s, to_timestamp(%(now)s::bigint / 1000000.0)
from unnest(%(versions)b::bigint[]) as k (version_id)
on conflict (bucket, org_id, version_id, customer_id) do nothing;

-- remove_member_everywhere: remove a customer from all audiences
delete from audience_member
where bucket = %(bucket)s and org_id = %(org_id)s and customer_id = %(customer_id)s;

-- members_after: the members of a version behind a customer, in the order of buckets and ids
select bucket, customer_id, (extract(epoch from entered_at) * 1000000)::bigint
from audience_member
where org_id = %(org_id)s and version_id = %(version_id)s
    and (bucket, customer_id) > (%(bucket)s, %(customer_id)s::bigint)
order by bucket, customer_id
limit %(limit)s;
