-- Identifiers have one form: accents composed, outer blanks cut. A job rewrites those that were stored before.
insert into job (
    org_id, job_id, kind, subject, after_bucket, after_customer, looked_at, concerned, failed, asked_at, touched_at
)
select org_id, nextval('job_id_seq'), 'normaliseIdentifiers', '0/0/0', -1, 0, 0, 0, 0, now(), now()
from (
    select distinct org_id from identity
    where octet_length(value) <> char_length(value) or value <> btrim(value, E' \t\n\r')
) as organisation;
