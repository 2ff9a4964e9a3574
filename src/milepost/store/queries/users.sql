-- add_user: add a person; no row is returned if the organisation has one with this address
insert into user_account (user_id, org_id, email, name, role, created_at)
values (
    nextval('reference_id_seq'), %(org_id)s, %(email)s, %(name)s, %(role)s, to_timestamp(%(now)s / 1000000.0)
)
on conflict (email, org_id) do nothing
returning user_id;

-- users: the people of an organisation after an id
select
    user_id, org_id, email, name, role, disabled_at is not null, password_hash is not null,
    (extract(epoch from created_at) * 1000000)::bigint
from user_account
where org_id = %(org_id)s and user_id > %(after)s
order by user_id
limit %(limit)s;

-- user: a person of an organisation, locked until the end of the transaction
select
    user_id, org_id, email, name, role, disabled_at is not null, password_hash is not null,
    (extract(epoch from created_at) * 1000000)::bigint
from user_account
where org_id = %(org_id)s and user_id = %(user_id)s
for update;

-- user_by_email: the id of a person by address
select user_id from user_account where org_id = %(org_id)s and email = %(email)s;

-- owners: the owners of an organisation who may sign in, locked so that two changes do not remove the last two
select user_id from user_account
where org_id = %(org_id)s and role = 'OWNER' and disabled_at is null
order by user_id
for update;

-- save_user: change a person; wrong passwords are forgotten when somebody is enabled again
update user_account
set
    name = %(name)s, role = %(role)s,
    failures = case when disabled_at is not null and not %(disabled)s then 0 else failures end,
    disabled_at = case when %(disabled)s then coalesce(disabled_at, now()) end
where org_id = %(org_id)s and user_id = %(user_id)s;

-- accounts_by_email: whom an address may sign in as, in one organisation or in any
select u.user_id, u.org_id, u.password_hash, u.failures
from user_account as u
join organisation as o on o.org_id = u.org_id
where
    u.email = %(email)s and u.disabled_at is null and u.password_hash is not null
    and (%(organisation)s::text is null or lower(o.name) = lower(%(organisation)s))
order by u.user_id
limit 2;

-- add_failure: count a wrong password of a person
update user_account set failures = failures + 1 where user_id = %(user_id)s;

-- forget_failures: forget the wrong passwords of a person
update user_account set failures = 0 where user_id = %(user_id)s and failures > 0;

-- set_user_password: set the password of a person, and forget the wrong ones
update user_account set password_hash = %(password_hash)s, failures = 0 where user_id = %(user_id)s;

-- save_link: give a person a one-time link; an earlier one is void
insert into one_time_link (user_id, link_digest, expires_at)
values (%(user_id)s, %(digest)b, to_timestamp(%(expires)s / 1000000.0))
on conflict (user_id) do update set link_digest = excluded.link_digest, expires_at = excluded.expires_at;

-- use_link: delete a one-time link that has not expired, of a person who may sign in; it works once
delete from one_time_link as l
using user_account as u
where
    u.user_id = l.user_id and l.link_digest = %(digest)b and l.expires_at > to_timestamp(%(now)s / 1000000.0)
    and u.disabled_at is null
returning u.user_id, u.org_id, u.email;

-- delete_link: delete the one-time link of a person
delete from one_time_link where user_id = %(user_id)s;

-- add_session: let a browser stay signed in
insert into user_session (session_digest, user_id, started_at, expires_at)
values (
    %(digest)b, %(user_id)s, to_timestamp(%(now)s / 1000000.0), to_timestamp(%(expires)s / 1000000.0)
);

-- delete_expired_sessions: delete expired sessions
delete from user_session where expires_at <= to_timestamp(%(now)s / 1000000.0);

-- session: the person of a session that has not expired
select
    u.user_id, u.org_id, u.email, u.name, u.role, false, true, (extract(epoch from u.created_at) * 1000000)::bigint,
    (extract(epoch from s.expires_at) * 1000000)::bigint, o.request_rate, o.caller_rate
from user_session as s
join user_account as u on u.user_id = s.user_id
join organisation as o on o.org_id = u.org_id
where s.session_digest = %(digest)b and u.disabled_at is null and s.expires_at > to_timestamp(%(now)s / 1000000.0);

-- delete_session: sign a browser out
delete from user_session where session_digest = %(digest)b returning user_id;

-- delete_sessions: sign a person out everywhere
delete from user_session where user_id = %(user_id)s;
