-- fresh_organisation_id: a new id for an organisation
select nextval('organisation_id_seq');

-- add_organisation: add an organisation at its first version; no row is returned if its name is taken
insert into organisation (org_id, name, zone, version, webhook_id, created_at, parent_id)
values (
    %(org_id)s, %(name)s, %(zone)s, 1, %(webhook_id)s, to_timestamp(%(now)s / 1000000.0), %(parent_id)s
)
on conflict do nothing
returning org_id;

-- add_organisation_version: store the settings in force from a version on
insert into organisation_version (org_id, version, settings, changed_at, changed_by)
values (
    %(org_id)s, %(version)s, %(settings)s, to_timestamp(%(changed_at)s::bigint / 1000000.0), %(changed_by)s::text
);

-- settings_before: the settings of an organisation from before a version, latest first
select version, settings, (extract(epoch from changed_at) * 1000000)::bigint, changed_by
from organisation_version
where org_id = %(org_id)s and version < %(before)s
order by version desc
limit %(limit)s;

-- organisation_by_name: the id of the organisation with this name, in any case
select org_id from organisation where lower(name) = lower(%(name)s);

-- organisation_by_webhook: the id of the organisation whose webhook has this secret address
select org_id from organisation
where webhook_id = %(webhook_id)s or (earlier_webhook_id = %(webhook_id)s and earlier_webhook_until > now());

-- organisation_webhook: the secret address of an organisation's webhook
select webhook_id from organisation where org_id = %(org_id)s;

-- replace_webhook: give an organisation's webhook a new secret address; the earlier one is valid for some seconds
update organisation
set earlier_webhook_id = webhook_id, earlier_webhook_until = now() + make_interval(secs => %(overlap)s),
    webhook_id = %(webhook_id)s
where org_id = %(org_id)s;

-- organisation_list: all organisations
select org_id, name, zone, parent_id from organisation order by org_id;

-- organisation_family: an organisation, its parent and its children, each with its parent
select o.org_id, o.parent_id
from organisation as o
join organisation as mine on mine.org_id = %(org_id)s
where o.org_id = mine.org_id or o.org_id = mine.parent_id or o.parent_id = mine.org_id
order by o.org_id;

-- organisation_ids: the ids of all organisations
select org_id from organisation order by org_id;

-- versions: the present versions of these organisations
select org_id, version from organisation where org_id = any(%(orgs)b::bigint[]);

-- lock_organisation: lock an organisation until this transaction ends, so that definitions change one after the other
select version from organisation where org_id = %(org_id)s for update;

-- raise_version: begin a new version, because a definition or a setting changes
update organisation set version = version + 1 where org_id = %(org_id)s returning version;

-- organisation_has_events: a row if an organisation has received any event
select 1 from event where org_id = %(org_id)s limit 1;

-- set_organisation_zone: change the time zone of an organisation
update organisation set zone = %(zone)s where org_id = %(org_id)s;

-- organisation_at: an organisation with the settings that were in force at a version
select o.org_id, o.name, o.zone, v.settings
from organisation as o
join organisation_version as v on v.org_id = o.org_id
where o.org_id = %(org_id)s and v.version <= %(version)s
order by v.version desc
limit 1;

-- groups_at: the target groups in force at a version that changed after another version, in the order of ids
select distinct on (group_id) body
from target_group_version
where org_id = %(org_id)s and version > %(since)s and version <= %(version)s
order by group_id, version desc;

-- unusable_tables: those of the named tables that are missing, or that this login may not read and write
select name
from unnest(%(tables)s::text[]) as name
where case
    when to_regclass(name) is null then true
    else not (has_table_privilege(to_regclass(name), 'select') and has_table_privilege(to_regclass(name), 'insert'))
end;

-- version_at: the version of settings and definitions that was in force at an instant, the first one before all
select greatest(
    (
        select coalesce(
            max(version) filter (where changed_at is null or changed_at <= to_timestamp(%(at)s::bigint / 1000000.0)),
            min(version)
        )
        from organisation_version where org_id = %(org_id)s
    ),
    (
        select max(version) from target_group_version
        where org_id = %(org_id)s and made_at <= to_timestamp(%(at)s::bigint / 1000000.0)
    )
);
