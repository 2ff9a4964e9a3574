-- fresh_reference_ids: new ids for zones, concepts, stores and tills
select nextval('reference_id_seq') from generate_series(1, %(count)s);

-- zones: the zones of an organisation that changed after a version
select zone_id, code, name from zone where org_id = %(org_id)s and changed_in > %(since)s order by zone_id;

-- concepts: the concepts of an organisation that changed after a version
select concept_id, code, name from concept where org_id = %(org_id)s and changed_in > %(since)s order by concept_id;

-- stores: the stores of an organisation that changed after a version
select store_id, code, name, zone_id, concept_id, external_id, external_id_1, external_id_2
from store
where org_id = %(org_id)s and changed_in > %(since)s
order by store_id;

-- tills: the tills of an organisation that changed after a version
select till_id, code, name, store_id from till where org_id = %(org_id)s and changed_in > %(since)s order by till_id;

-- save_zones: add zones, or replace those with the same id; the caller has locked the organisation and raises its version
insert into zone (org_id, zone_id, code, name, changed_in)
select k.org_id, k.id, k.code, k.name, o.version + 1
from unnest(%(orgs)b::bigint[], %(ids)b::bigint[], %(codes)b::text[], %(names)b::text[]) as k (org_id, id, code, name)
join organisation as o on o.org_id = k.org_id
on conflict (org_id, zone_id) do update set
    code = excluded.code, name = excluded.name, changed_in = excluded.changed_in;

-- save_concepts: add concepts, or replace those with the same id
insert into concept (org_id, concept_id, code, name, changed_in)
select k.org_id, k.id, k.code, k.name, o.version + 1
from unnest(%(orgs)b::bigint[], %(ids)b::bigint[], %(codes)b::text[], %(names)b::text[]) as k (org_id, id, code, name)
join organisation as o on o.org_id = k.org_id
on conflict (org_id, concept_id) do update set
    code = excluded.code, name = excluded.name, changed_in = excluded.changed_in;

-- save_stores: add stores, or replace those with the same id
insert into store (
    org_id, store_id, code, name, zone_id, concept_id, external_id, external_id_1, external_id_2, changed_in
)
select k.*, o.version + 1
from unnest(
    %(orgs)b::bigint[], %(ids)b::bigint[], %(codes)b::text[], %(names)b::text[], %(zones)b::bigint[],
    %(concepts)b::bigint[], %(externals)b::text[], %(externals_first)b::text[], %(externals_second)b::text[]
) as k (org_id, store_id, code, name, zone_id, concept_id, external_id, external_id_1, external_id_2)
join organisation as o on o.org_id = k.org_id
on conflict (org_id, store_id) do update set
    code = excluded.code, name = excluded.name, zone_id = excluded.zone_id, concept_id = excluded.concept_id,
    external_id = excluded.external_id, external_id_1 = excluded.external_id_1,
    external_id_2 = excluded.external_id_2, changed_in = excluded.changed_in;

-- save_tills: add tills, or replace those with the same id
insert into till (org_id, till_id, code, name, store_id, changed_in)
select k.*, o.version + 1
from unnest(
    %(orgs)b::bigint[], %(ids)b::bigint[], %(codes)b::text[], %(names)b::text[], %(stores)b::bigint[]
) as k (org_id, till_id, code, name, store_id)
join organisation as o on o.org_id = k.org_id
on conflict (org_id, till_id) do update set
    code = excluded.code, name = excluded.name, store_id = excluded.store_id, changed_in = excluded.changed_in;
