-- save_draft: keep a draft; each time it is saved it has a new revision
insert into definition_draft (org_id, group_id, revision, body, saved_at, saved_by)
values (%(org_id)s, %(group_id)s, 1, %(body)s, to_timestamp(%(now)s::bigint / 1000000.0), %(saved_by)s)
on conflict (org_id, group_id) do update set revision = definition_draft.revision + 1, body = excluded.body,
    saved_at = excluded.saved_at, saved_by = excluded.saved_by
returning revision;

-- draft: the draft of a group
select revision, body, (extract(epoch from saved_at) * 1000000)::bigint, saved_by
from definition_draft where org_id = %(org_id)s and group_id = %(group_id)s;

-- drafts: the drafts of an organisation
select revision, body, (extract(epoch from saved_at) * 1000000)::bigint, saved_by
from definition_draft where org_id = %(org_id)s order by group_id;

-- delete_draft: delete the draft of a group
delete from definition_draft where org_id = %(org_id)s and group_id = %(group_id)s;

-- newest_group_version: the number of the newest version of a definition
select max(version) from target_group_version where org_id = %(org_id)s and group_id = %(group_id)s;

-- group_versions: every version of one definition
select version, body from target_group_version
where org_id = %(org_id)s and group_id = %(group_id)s order by version;

-- add_change: keep a change
insert into definition_change (
    org_id, group_id, state, policy, revokes, draft_revision, live_version, settings, body, looked_at, gain, lose,
    asked_at, asked_by, comment
)
values (
    %(org_id)s, %(group_id)s, %(state)s, %(policy)s, %(revokes)s, %(draft_revision)s, %(live_version)s, %(settings)s,
    %(body)s, 0, 0, 0, to_timestamp(%(now)s::bigint / 1000000.0), %(asked_by)s, ''
)
returning change_id;

-- change: a change
select org_id, change_id, group_id, batch, state, policy, revokes, draft_revision, live_version, settings, body,
    looked_at, gain, lose, (extract(epoch from asked_at) * 1000000)::bigint, asked_by, reviewed_by, comment,
    (extract(epoch from starts_at) * 1000000)::bigint, (extract(epoch from published_at) * 1000000)::bigint, version
from definition_change where org_id = %(org_id)s and change_id = %(change_id)s;

-- latest_change: the change of a group that was previewed last
select org_id, change_id, group_id, batch, state, policy, revokes, draft_revision, live_version, settings, body,
    looked_at, gain, lose, (extract(epoch from asked_at) * 1000000)::bigint, asked_by, reviewed_by, comment,
    (extract(epoch from starts_at) * 1000000)::bigint, (extract(epoch from published_at) * 1000000)::bigint, version
from definition_change where org_id = %(org_id)s and group_id = %(group_id)s
order by change_id desc limit 1;

-- changes_of_group: the published changes of a group
select org_id, change_id, group_id, batch, state, policy, revokes, draft_revision, live_version, settings, body,
    looked_at, gain, lose, (extract(epoch from asked_at) * 1000000)::bigint, asked_by, reviewed_by, comment,
    (extract(epoch from starts_at) * 1000000)::bigint, (extract(epoch from published_at) * 1000000)::bigint, version
from definition_change where org_id = %(org_id)s and group_id = %(group_id)s and version is not null
order by change_id;

-- changes_recomputing: the changes of an organisation whose customers are being recomputed
select org_id, change_id, group_id, batch, state, policy, revokes, draft_revision, live_version, settings, body,
    looked_at, gain, lose, (extract(epoch from asked_at) * 1000000)::bigint, asked_by, reviewed_by, comment,
    (extract(epoch from starts_at) * 1000000)::bigint, (extract(epoch from published_at) * 1000000)::bigint, version
from definition_change where org_id = %(org_id)s and state = 'recomputing' order by change_id;

-- changes_due: the changes of the batch that is due first, locked
select org_id, change_id, group_id, batch, state, policy, revokes, draft_revision, live_version, settings, body,
    looked_at, gain, lose, (extract(epoch from asked_at) * 1000000)::bigint, asked_by, reviewed_by, comment,
    (extract(epoch from starts_at) * 1000000)::bigint, (extract(epoch from published_at) * 1000000)::bigint, version
from definition_change
where state = 'scheduled' and (org_id, batch) = (
    select d.org_id, d.batch from definition_change as d left join sandbox as s using (org_id)
    where d.state = 'scheduled' and d.starts_at <= coalesce(
        s.frozen_at, to_timestamp((%(now)s::bigint + coalesce(s.ahead, 0)) / 1000000.0)
    )
    order by d.starts_at, d.batch limit 1
)
order by change_id
for update skip locked;

-- save_change: store the state of a change
update definition_change set state = %(state)s, batch = %(batch)s, looked_at = %(looked_at)s, gain = %(gain)s,
    lose = %(lose)s, reviewed_by = %(reviewed_by)s, comment = %(comment)s,
    starts_at = to_timestamp(%(starts_at)s::bigint / 1000000.0),
    published_at = to_timestamp(%(published_at)s::bigint / 1000000.0), version = %(version)s, body = %(body)s
where org_id = %(org_id)s and change_id = %(change_id)s;

-- mark_from_files: note that a change was published from files
insert into change_from_files (org_id, change_id) values (%(org_id)s, %(change_id)s) on conflict do nothing;

-- versions_from_files: the versions of a group that were published from files, latest last
select c.version from definition_change as c join change_from_files using (org_id, change_id)
where c.org_id = %(org_id)s and c.group_id = %(group_id)s and c.version is not null order by c.version;

-- add_effects: keep which customers gain and lose
insert into change_effect (bucket, org_id, change_id, customer_id, gains, losses)
select k.bucket, %(org_id)s, %(change_id)s, k.customer_id, k.gains, k.losses
from unnest(%(buckets)s::int[], %(customers)s::bigint[], %(gains)s::text[], %(losses)s::text[])
    as k (bucket, customer_id, gains, losses)
on conflict do nothing;

-- effects_after: customers who gain or lose, in the order of buckets
select bucket, customer_id, gains, losses from change_effect
where org_id = %(org_id)s and change_id = %(change_id)s
    and (bucket, customer_id) > (%(bucket)s, %(customer_id)s::bigint)
order by bucket, customer_id limit %(limit)s;

-- logs_of_customers: the events of these customers with their entries, each customer's in the order of application
select e.customer_id, e.source, e.event_id, e.name, (extract(epoch from e.occurred_at) * 1000000)::bigint,
    (extract(epoch from e.received_at) * 1000000)::bigint, e.seq, e.version, e.body, e.entries
from unnest(%(buckets)b::int[], %(customers)b::bigint[]) as k (bucket, customer_id)
join event as e on e.bucket = k.bucket and e.org_id = %(org_id)s and e.customer_id = k.customer_id
order by e.bucket, e.customer_id, e.seq;

-- job_position: how far the recomputation of a change has come
select after_bucket, after_customer from job
where org_id = %(org_id)s and kind = %(kind)s and subject = %(subject)s and done_at is null;

-- count_standings: how many customers an organisation has
select count(*) from standing where org_id = %(org_id)s;
