-- add_login: add a till's login; no row is returned if its code is taken
insert into login (code, org_id, till_id, password_hash, role, scopes)
values (%(code)s, %(org_id)s, %(till_id)s, %(password_hash)s, %(role)s, %(scopes)s)
on conflict (code) do nothing
returning code;

-- login: the login with this code that is not disabled, with its earlier password while that is valid
select
    l.org_id, l.till_id, l.password_hash, t.name, l.role, case when l.earlier_until > now() then l.earlier_hash end,
    l.scopes, o.request_rate, o.caller_rate
from login as l
join till as t on t.org_id = l.org_id and t.till_id = l.till_id
join organisation as o on o.org_id = l.org_id
where l.code = %(code)s and l.disabled_at is null;

-- logins: the logins of an organisation
select
    l.code, l.till_id, l.role, l.disabled_at is not null, (extract(epoch from u.used_at) * 1000000)::bigint, l.scopes
from login as l
left join last_use as u on u.kind = 'till' and u.name = l.code
where l.org_id = %(org_id)s
order by l.code;

-- enable_login: disable a login, or enable it again; no row is returned if there is none
update login set disabled_at = case when %(enabled)s then null else coalesce(disabled_at, now()) end
where code = %(code)s
returning org_id;

-- replace_password: give a login a new password; the earlier one is valid for some seconds
update login
set earlier_hash = password_hash, earlier_until = now() + make_interval(secs => %(overlap)s),
    password_hash = %(password_hash)s
where code = %(code)s
returning org_id;

-- add_key: add a key with which a client requests tokens
insert into api_key (key, org_id, key_id, name, secret_digest, created_at, role, scopes)
values (
    %(key)s, %(org_id)s, nextval('reference_id_seq'), %(name)s, %(digest)b, to_timestamp(%(now)s / 1000000.0),
    %(role)s, %(scopes)s
)
returning key_id;

-- key: the client of a key that is not revoked, with its earlier secret while that is valid
select secret_digest, case when earlier_until > now() then earlier_digest end
from api_key
where key = %(key)s and revoked_at is null;

-- keys: the keys of an organisation
select
    k.key, k.key_id, k.name, k.role, k.revoked_at is not null,
    (extract(epoch from k.created_at) * 1000000)::bigint, (extract(epoch from u.used_at) * 1000000)::bigint, k.scopes
from api_key as k
left join last_use as u on u.kind = 'key' and u.name = k.key
where k.org_id = %(org_id)s
order by k.key_id;

-- revoke_key: revoke a key; no row is returned if there is none
update api_key set revoked_at = coalesce(revoked_at, now()) where key = %(key)s returning org_id;

-- delete_tokens: delete the tokens of a key
delete from access_token where key = %(key)s;

-- replace_secret: give a key a new secret; the earlier one is valid for some seconds
update api_key
set earlier_digest = secret_digest, earlier_until = now() + make_interval(secs => %(overlap)s),
    secret_digest = %(digest)b
where key = %(key)s and revoked_at is null
returning org_id;

-- access_number: the number that grows with each change of a login or a key
select number from access_change;

-- raise_access_number: tell all servers that a login or a key changed
update access_change set number = number + 1;

-- save_last_uses: store when logins and keys were used last
insert into last_use (kind, name, used_at)
select k.kind, k.name, to_timestamp(k.used / 1000000.0)
from unnest(%(kinds)s::text[], %(names)s::text[], %(used)s::bigint[]) as k (kind, name, used)
on conflict (kind, name) do update set used_at = greatest(last_use.used_at, excluded.used_at);

-- add_act: record what an administrator did
insert into administrative_act (acted_at, org_id, actor, act, subject)
values (now(), %(org_id)s, %(actor)s, %(act)s, %(subject)s);

-- acts: what administrators did, latest first
select (extract(epoch from acted_at) * 1000000)::bigint, org_id, actor, act, subject
from administrative_act
where %(org_id)s::bigint is null or org_id = %(org_id)s
order by act_id desc
limit %(limit)s;

-- add_token: add a token
insert into access_token (token_digest, key, expires_at)
values (%(digest)b, %(key)s, to_timestamp(%(expires)s / 1000000.0));

-- delete_expired_tokens: delete expired tokens
delete from access_token where expires_at < to_timestamp(%(now)s / 1000000.0);

-- token: the client of a token that has not expired
select
    k.org_id, k.key_id, k.name, k.role, (extract(epoch from t.expires_at) * 1000000)::bigint, k.key,
    k.scopes, o.request_rate, o.caller_rate
from access_token as t
join api_key as k on k.key = t.key
join organisation as o on o.org_id = k.org_id
where t.token_digest = %(digest)b and k.revoked_at is null and t.expires_at > to_timestamp(%(now)s / 1000000.0);

-- set_rates: limit how many requests a second are answered; no row is returned if there is no such organisation
update organisation set request_rate = %(organisation)s, caller_rate = %(caller)s
where org_id = %(org_id)s
returning org_id;
