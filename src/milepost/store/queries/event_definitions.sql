-- event_definitions: the behavioural events that an organisation has defined
select body from event_definition where org_id = %(org_id)s order by name;

-- save_event_definition: add an event definition, or replace the definition with the same name
insert into event_definition (org_id, name, event_id, is_active, body, changed_at)
values (%(org_id)s, %(name)s, %(event_id)s, %(is_active)s, %(body)s, to_timestamp(%(now)s / 1000000.0))
on conflict (org_id, name) do update set
    is_active = excluded.is_active, body = excluded.body, changed_at = excluded.changed_at;
