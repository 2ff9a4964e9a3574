-- queues_of: the queues of an organisation, or one of them, in the order of their ids
select q.org_id, q.queue_id, q.url, q.sealed, q.is_active, q.lag, q.failure,
    (extract(epoch from q.read_at) * 1000000)::bigint,
    (select count(*) from dead_letter as d where d.org_id = q.org_id and d.queue_id = q.queue_id),
    (extract(epoch from q.created_at) * 1000000)::bigint
from queue as q
where q.org_id = %(org_id)s and (%(queue_id)s::bigint is null or q.queue_id = %(queue_id)s::bigint)
order by q.queue_id;

-- all_queues: all queues: whether each is read, its lag, seconds since it was read, and its dead letters
select q.queue_id, q.is_active, q.lag, extract(epoch from clock_timestamp() - q.read_at)::bigint,
    (select count(*) from dead_letter as d where d.org_id = q.org_id and d.queue_id = q.queue_id)
from queue as q
order by q.queue_id limit %(limit)s;

-- add_queue: add a queue
insert into queue (org_id, queue_id, url, sealed, is_active, created_at)
values (
    %(org_id)s, nextval('queue_id_seq'), %(url)s, %(sealed)s, true,
    to_timestamp(%(now)s::bigint / 1000000.0)
)
returning queue_id;

-- activate_queue: have a queue read, or no longer; whoever reads it loses the lease
update queue set is_active = %(active)s, epoch = epoch + 1, leased_until = null, failure = null
where org_id = %(org_id)s and queue_id = %(queue_id)s
returning queue_id;

-- delete_queue: delete a queue with its positions and dead letters
delete from queue where org_id = %(org_id)s and queue_id = %(queue_id)s returning queue_id;

-- rewind_queue: have a queue read from the beginning; whoever reads it loses the lease
with positions as (
    delete from queue_position where org_id = %(org_id)s and queue_id = %(queue_id)s
)
update queue set epoch = epoch + 1, leased_until = null, failure = null
where org_id = %(org_id)s and queue_id = %(queue_id)s
returning queue_id;

-- lease_queue: lease an active queue that nobody reads
update queue as q set epoch = q.epoch + 1, leased_until = now() + make_interval(secs => %(lease)s)
from (
    select org_id, queue_id from queue
    where is_active and (leased_until is null or leased_until < now())
    order by leased_until nulls first, queue_id limit 1
    for update skip locked
) as free
where q.org_id = free.org_id and q.queue_id = free.queue_id
returning q.org_id, q.queue_id, q.epoch, q.sealed;

-- keep_queue: renew the lease of a queue, and note how it is read; nothing if somebody else has it by now
update queue set leased_until = now() + make_interval(secs => %(lease)s), failure = %(failure)s,
    lag = coalesce(%(lag)s::bigint, lag), read_at = case when %(failure)s::text is null then now() else read_at end
where org_id = %(org_id)s and queue_id = %(queue_id)s and epoch = %(epoch)s and is_active
returning queue_id;

-- release_queue: end a lease early
update queue set leased_until = null
where org_id = %(org_id)s and queue_id = %(queue_id)s and epoch = %(epoch)s;

-- queue_positions: the positions that are read next
select partition, position from queue_position where org_id = %(org_id)s and queue_id = %(queue_id)s;

-- move_positions: note the positions that are read next
insert into queue_position (org_id, queue_id, partition, position)
select %(org_id)s, %(queue_id)s, k.partition, k.position
from unnest(%(partitions)b::int[], %(positions)b::bigint[]) as k (partition, position)
on conflict (org_id, queue_id, partition) do update set position = excluded.position;

-- add_dead_letters: add messages that are no events; those that are there already stay
insert into dead_letter (org_id, queue_id, dead_letter_id, partition, position, body, reason, written_at)
select %(org_id)s, %(queue_id)s, nextval('dead_letter_id_seq'), k.partition, k.position, k.body, k.reason,
    to_timestamp(%(now)s::bigint / 1000000.0)
from unnest(%(partitions)b::int[], %(positions)b::bigint[], %(bodies)b::bytea[], %(reasons)b::text[])
    as k (partition, position, body, reason)
on conflict (org_id, queue_id, partition, position) do nothing;

-- dead_letters_of: dead letters of a queue after an id, in the order of their ids
select dead_letter_id, partition, position, body, reason, (extract(epoch from written_at) * 1000000)::bigint
from dead_letter
where org_id = %(org_id)s and queue_id = %(queue_id)s and dead_letter_id > %(after)s
order by dead_letter_id limit %(limit)s;

-- delete_dead_letter: delete a dead letter
delete from dead_letter
where org_id = %(org_id)s and queue_id = %(queue_id)s and dead_letter_id = %(dead_letter_id)s;

-- prune_dead_letters: delete dead letters that were written before an instant, so many at a time
delete from dead_letter as d using (
    select org_id, queue_id, dead_letter_id from dead_letter
    where org_id = %(org_id)s and written_at < to_timestamp(%(before)s::bigint / 1000000.0) limit %(limit)s
) as k
where d.org_id = k.org_id and d.queue_id = k.queue_id and d.dead_letter_id = k.dead_letter_id;
