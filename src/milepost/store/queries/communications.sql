-- fresh_communication_ids: new ids for communications
select nextval('communication_id_seq') from generate_series(1, %(count)s);

-- communications: the communications about a target
select body from communication where org_id = %(org_id)s and target_id = %(target_id)s order by communication_id;

-- save_communications: add communications, or replace those with the same id
insert into communication (org_id, target_id, communication_id, body)
select * from unnest(%(orgs)b::bigint[], %(targets)b::bigint[], %(ids)b::bigint[], %(bodies)b::text[])
on conflict (org_id, target_id, communication_id) do update set body = excluded.body;
