-- Logins and keys have a role; those that were there keep being allowed everything.
alter table login add column role text not null default 'ADMIN';
alter table login alter column role drop default;
alter table login add constraint login_role_known check (role in ('READ', 'EVENTS', 'ADMIN'));
alter table api_key add column role text not null default 'ADMIN';
alter table api_key alter column role drop default;
alter table api_key add constraint api_key_role_known check (role in ('READ', 'EVENTS', 'ADMIN'));
