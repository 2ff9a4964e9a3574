"""The chains over the logs (decision 0047): whatever is changed, removed or added before a root is found."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import psycopg
import pytest

from milepost.service.chain.root import make_root
from milepost.service.chain.verification import Break, verify_chain
from milepost.service.customers.erasure import ErasureRequest, erase_customer
from milepost.store.chain.digests import NO_HEAD, NUMBERED_BYTES, head_after, head_over, numbered_digests
from milepost.store.chain.roots import BUCKETS, Root
from tests.store.fixtures_db import NOW, House, run_on_servers

CHANGES = {
    "a payload": "update event set body = replace(body, '10', '99') where event_id = 'a3'",
    "the entries": "update event set entries = '[]' where event_id = 'a3'",
    "a name": "update event set name = 'Other' where event_id = 'a3'",
    "an id": "update event set event_id = 'zz' where event_id = 'a3'",
    "a source": "update event set source = 'zz' where event_id = 'a3'",
    "a reference": "update event set reference = null where event_id = 'a3'",
    "an instant": "update event set occurred_at = occurred_at + interval '1 microsecond' where event_id = 'a3'",
    "a number": "update event set seq = 100 where event_id = 'a3'",
    "a version": "update event set version = version - 1 where event_id = 'a3'",
    "a content hash": r"update event set content_hash = '\x00112233445566778899aabbccddeeff' where event_id = 'a3'",
    "two numbers": "update event set seq = case event_id when 'a3' then 4 else 3 end where event_id in ('a3', 'a4')",
    "another customer's event": "update event set (bucket, customer_id) = (select bucket, customer_id from standing "
    "where customer_id <> event.customer_id limit 1) where event_id = 'a3'",
    "the first event removed": "delete from event where event_id = 'a1'",
    "an event removed": "delete from event where event_id = 'a3'",
    "the last event removed": "delete from event where event_id = 'a9'",
    "all events removed": "delete from event where customer_id = (select customer_id from event where event_id = 'a3')",
    "an event added": "insert into event select bucket, org_id, customer_id, source, 'zz', name, reference, "
    "occurred_at, received_at, seq, version, content_hash, body, entries from event where event_id = 'a3'",
    "a last event added": "insert into event select bucket, org_id, customer_id, source, 'zz', name, reference, "
    "occurred_at, received_at, 10, version, content_hash, body, entries from event where event_id = 'a9'",
    "a customer removed": "with s as (delete from standing where customer_id = (select customer_id from event "
    "where event_id = 'a3') returning customer_id) delete from event using s where event.customer_id = s.customer_id",
    "a head": r"update standing set head = set_byte(head, 39, 255 - get_byte(head, 39)) where length(head) = 40",
    "a log without an end": "with gone as (delete from event where event_id = 'a9') update standing set head = null",
    "what a root holds": "update chain_leaves set body = set_byte(body, 50, 255 - get_byte(body, 50))",
    "what a root holds removed": "delete from chain_leaves",
    "a signature": "update chain_root set signature = set_byte(signature, 5, 255 - get_byte(signature, 5))",
    "a root's digest": "update chain_root set digest = set_byte(digest, 5, 255 - get_byte(digest, 5))",
    "a report": "update chain_root set broken = 1",
    "what is left of an event": "update erased_event set digest = set_byte(digest, 5, 255 - get_byte(digest, 5))",
    "what is left removed": "delete from erased_event",
}
"""Changes of the database after a root was made, by what was changed."""

HARMLESS = {
    "when an event was received": "update event set received_at = received_at + interval '1 day'",
    "a profile": "update customer set body = replace(body, 'anna', 'anne')",
    "nothing": "select 1",
}
KEPT = ("event", "standing", "customer", "chain_root", "chain_leaves", "erased_event", "erased_chain")


async def breaks_of(house: House) -> list[Break]:
    """Return what does not fit."""
    box = house.servers[0].outgoing.box
    return [one async for page in verify_chain(house.database, box, BUCKETS) for one in page.breaks]


async def rooted(house: House) -> Root:
    """Make a root."""
    root = await make_root(house.servers[0], sample=10, page_buckets=BUCKETS)
    assert root is not None
    return root


async def lived(house: House) -> None:
    """Have three customers, one of whom was erased: events one by one, and a batch too large for the short way."""
    server = house.servers[0]
    for number in range(1, 10):
        await server.lanes.receive([house.bill(f"a{number}", "anna")])
    await server.lanes.receive([house.bill(f"b{number}", "bert") for number in range(120)])
    await server.lanes.receive([house.bill(f"c{number}", "carl") for number in range(3)])
    await erase(house, "carl")


async def erase(house: House, name: str) -> None:
    """Erase a customer."""
    key = await house.customer_key(name)
    request = ErasureRequest(org_id=key.org_id, customer_id=key.customer_id, actor="t", reference="r", at=NOW)
    assert await erase_customer(house.servers[0], request) is not None


def on_a_story(url: str, work: Callable[[House, psycopg.Connection[Any]], Awaitable[None]]) -> None:
    """Do *work* after a story; logs are not replayed afterwards, because the work may have changed them."""

    async def life(house: House) -> None:
        await lived(house)
        with psycopg.connect(url, autocommit=True) as connection:
            await work(house, connection)

    run_on_servers(url, life)


def test_every_planted_change_is_found_and_no_harmless_one(database_url: str) -> None:
    """Each of the changes alone, after a root; then what was is put back, and everything fits again."""

    async def work(house: House, connection: psycopg.Connection[Any]) -> None:
        root = await rooted(house)
        assert (3, 132, 0, 0) == (root.customers, root.events, root.broken, root.differing)
        connection.execute("create schema kept")
        for table in KEPT:
            connection.execute(f"create table kept.{table} as table {table}".encode())
        for changes, is_found in ((CHANGES, True), (HARMLESS, False)):
            for what, change in changes.items():
                connection.execute(change.encode())
                found = await breaks_of(house)
                assert (what, is_found) == (what, found != [])
                for table in KEPT:
                    connection.execute(f"delete from {table}".encode())
                    connection.execute(f"insert into {table} select * from kept.{table}".encode())
        assert [] == await breaks_of(house)

    assert len(CHANGES) >= 20
    on_a_story(database_url, work)


def test_chains_go_on_after_a_root_and_an_erasure(database_url: str) -> None:
    """Events after a root, an erasure of who was in it, another root: all fits, and roots follow each other."""

    async def work(house: House, connection: psycopg.Connection[Any]) -> None:
        first = await rooted(house)
        await house.servers[1].lanes.receive([house.bill("a10", "anna"), house.bill("d1", "dora")])
        await erase(house, "bert")
        assert [] == await breaks_of(house)
        second = await rooted(house)
        assert (first.root_id, 4, 134, 0) == (second.previous_id, second.customers, second.events, second.broken)
        assert [] == await breaks_of(house)
        assert [(2,)] == connection.execute("select count(distinct head)::int from erased_chain").fetchall()

    on_a_story(database_url, work)


def test_heads_that_were_never_computed_are_computed_for_a_root(database_url: str) -> None:
    """Customers of before there were chains, and those to whom an older program added an event."""

    async def work(house: House, connection: psycopg.Connection[Any]) -> None:
        before = connection.execute("select customer_id, head from standing order by 1").fetchall()
        connection.execute("update standing set head = null")
        await house.servers[0].lanes.receive([house.bill("b0", "bert")])
        assert [] == await breaks_of(house)
        await rooted(house)
        assert before == connection.execute("select customer_id, head from standing order by 1").fetchall()
        connection.execute(r"update standing set head = '\x' where length(head) = 40")
        await house.servers[0].lanes.receive([house.bill("a10", "anna")])
        query = "select s.head from standing as s join event using (bucket, org_id, customer_id) where event_id = 'a10'"
        assert [(None,)] == connection.execute(query).fetchall()

    on_a_story(database_url, work)


def test_a_report_says_that_a_chain_is_broken(database_url: str) -> None:
    """The next root's report counts it; two servers that make a root at once make one."""

    async def work(house: House, connection: psycopg.Connection[Any]) -> None:
        await rooted(house)
        connection.execute(CHANGES["a payload"].encode())
        assert 1 == (await rooted(house)).broken
        connection.execute("update event set body = replace(body, '99', '10') where event_id = 'a3'")
        made = await asyncio.gather(*(make_root(server, sample=1, page_buckets=BUCKETS) for server in house.servers))
        assert 1 <= len([root for root in made if root is not None])
        roots = connection.execute("select root_id, previous_id from chain_root order by 1").fetchall()
        assert [0, *(root_id for root_id, _ in roots[:-1])] == [previous for _, previous in roots]

    on_a_story(database_url, work)


@pytest.mark.parametrize("is_optimistic", [True, False])
def test_every_way_of_writing_leads_to_the_same_heads(database_url: str, *, is_optimistic: bool) -> None:
    """By two statements, and by the transaction: the head is that of the stored log."""

    async def life(house: House) -> None:
        await lived(house)
        with psycopg.connect(database_url) as connection:
            lengths = connection.execute("select length(head), count(*)::int from standing group by 1").fetchall()
        assert [(40, 2)] == lengths
        assert [] == await breaks_of(house)

    run_on_servers(database_url, life, is_optimistic=is_optimistic)


def test_a_run_of_events_leads_to_the_head_that_single_events_lead_to() -> None:
    """The check's faster way over a whole log is the writers' way event by event; it passes each of their heads."""
    events = [(seq, sha256(seq.to_bytes(8)).digest()) for seq in range(1, 40)]
    packed = b"".join(seq.to_bytes(8) + digest for seq, digest in events)
    heads = [NO_HEAD]
    for seq, digest in events:
        heads.append(head_after(heads[-1], seq, digest))
    assert events == numbered_digests(packed)
    for place, head in enumerate(heads):
        assert head == head_over(packed[: place * NUMBERED_BYTES])[0]
        assert (heads[-1], head != NO_HEAD) == head_over(packed, head)
    assert (heads[-2], False) == head_over(packed[:-NUMBERED_BYTES], heads[-1])
    # A mark is a number and a digest: the digest under another number is no head.
    assert (heads[-1], False) == head_over(packed, (7).to_bytes(8) + heads[6][8:])
