-- names_taken: those of these names that are taken
select n.kind, n.name_key
from name_taken as n
join unnest(%(kinds)b::text[], %(keys)b::text[]) as k (kind, name_key) on k.kind = n.kind and k.name_key = n.name_key
where n.org_id = %(org_id)s;

-- reserve_names: reserve names for the ids that hold them
insert into name_taken (org_id, kind, name_key, holder_id)
select %(org_id)s, k.kind, k.name_key, k.holder_id
from unnest(%(kinds)b::text[], %(keys)b::text[], %(holders)b::bigint[]) as k (kind, name_key, holder_id);

-- rename_holders: change the names that these ids hold
update name_taken as n
set name_key = k.name_key
from unnest(%(kinds)b::text[], %(keys)b::text[], %(holders)b::bigint[]) as k (kind, name_key, holder_id)
where n.org_id = %(org_id)s and n.kind = k.kind and n.holder_id = k.holder_id;

-- fresh_definition_ids: the requested number of new ids from each sequence
select k.sequence, nextval(k.sequence::regclass)
from unnest(%(sequences)b::text[], %(counts)b::int[]) as k (sequence, count)
cross join lateral generate_series(1, k.count);

-- add_group_version: add a complete definition that is in force from a version on
insert into target_group_version (org_id, group_id, version, body, made_at)
values (%(org_id)s, %(group_id)s, %(version)s, %(body)s, to_timestamp(%(made_at)s::bigint / 1000000.0));

-- all_group_versions: every version of every definition of an organisation
select version, body from target_group_version where org_id = %(org_id)s order by version, group_id;

-- rewrite_group_version: replace what is stored of a version of a definition
update target_group_version set body = %(body)s
where org_id = %(org_id)s and group_id = %(group_id)s and version = %(version)s;

-- newest_group: the newest version of a definition
select body
from target_group_version
where org_id = %(org_id)s and group_id = %(group_id)s
order by version desc
limit 1;

-- advance_ids_beyond: make a sequence continue above an id that was imported
select setval(%(sequence)s::text::regclass, greatest(%(least)s::bigint, (
    select coalesce(max(last_value), 1) from pg_sequences where sequencename = %(sequence)s::text
)));

-- versions_of_group: the versions of a definition, latest first, and when each was made
select version, coalesce((extract(epoch from made_at) * 1000000)::bigint, 0)
from target_group_version
where org_id = %(org_id)s and group_id = %(group_id)s
order by version desc;
