-- take_role: take the application's role, where there is one that this login may take
select set_config('role', rolname, false) from pg_roles where rolname = %(role)s and pg_has_role(oid, 'MEMBER');

-- leave_role: run the statements that follow in this transaction as the login itself
select set_config('role', 'none', true);

-- copies_into_log: whether COPY may add to the log, which PostgreSQL refuses where rows are guarded
select case when to_regclass('event') is null then false else not row_security_active('event') end;

-- unguarded_tables: the tables with an org_id whose rows are not guarded by a policy, or not against their owner
select c.relname
from pg_class as c
join pg_attribute as a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not (
    c.relrowsecurity and c.relforcerowsecurity
    and exists (select from pg_policy where polrelid = c.oid and polname = 'visible')
)
order by c.relname;

-- row_security_state: the role that statements run by, how many tables have organisations, and how many it sees unguarded
select current_user, count(*), count(*) filter (where not row_security_active(c.oid))
from pg_class as c
join pg_attribute as a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p');

-- role_standing: whether this login may make roles, whether there is this role, and whether the login may take it
select
    (select rolsuper or rolcreaterole from pg_roles where rolname = current_user),
    exists (select from pg_roles where rolname = %(role)s),
    exists (select from pg_roles where rolname = %(role)s and pg_has_role(oid, 'MEMBER'));

-- role_lacks: whether a role lacks a right on a table or a sequence
select exists (
    select from pg_class
    where relnamespace = current_schema()::regnamespace and (
        relkind in ('r', 'p') and not (
            has_table_privilege(%(role)s, oid, 'select') and has_table_privilege(%(role)s, oid, 'insert')
            and has_table_privilege(%(role)s, oid, 'update') and has_table_privilege(%(role)s, oid, 'delete')
        )
        or relkind = 'S' and not has_sequence_privilege(%(role)s, oid, 'usage')
    )
);
