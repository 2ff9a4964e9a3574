-- programs: the programmes of an organisation
select program_id, name from program where org_id = %(org_id)s order by program_id;

-- save_programs: add programmes, or replace those with the same id
insert into program (org_id, program_id, name)
select %(org_id)s, k.program_id, k.name from unnest(%(ids)b::bigint[], %(names)b::text[]) as k (program_id, name)
on conflict (org_id, program_id) do update set name = excluded.name;

-- currencies: the alternate currencies of an organisation
select program_id, identifier, name from alternate_currency
where org_id = %(org_id)s
order by program_id, identifier;

-- save_currencies: add currencies, or replace those with the same programme and identifier
insert into alternate_currency (org_id, program_id, identifier, name)
select %(org_id)s, k.program_id, k.identifier, k.name
from unnest(%(programs)b::bigint[], %(identifiers)b::text[], %(names)b::text[]) as k (program_id, identifier, name)
on conflict (org_id, program_id, identifier) do update set name = excluded.name;

-- fields: the declared fields of an organisation
select family, entity, name, type, label from declared_field
where org_id = %(org_id)s
order by family, entity, name;

-- save_fields: add declared fields, or replace those with the same name
insert into declared_field (org_id, family, entity, name, type, label)
select %(org_id)s, k.family, k.entity, k.name, k.type, k.label
from unnest(
    %(families)b::text[], %(entities)b::text[], %(names)b::text[], %(types)b::text[], %(labels)b::text[]
) as k (family, entity, name, type, label)
on conflict (org_id, family, entity, name) do update set type = excluded.type, label = excluded.label;
