"""Exactly once: what a repeated event is answered, in the same request, later, and from many senders at once."""

import asyncio
from decimal import Decimal

import httpx2

from tests.api.client import PASSWORD, Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, target


def statuses(items: list[Json]) -> list[str]:
    """Return what became of each event."""
    return [item["status"] for item in items]


def test_a_repeated_event_is_answered_as_at_first(organisation: OrganisationClient) -> None:
    """A duplicate changes nothing and shows what the first one changed."""
    organisation.define(group())
    sent = bill("40")
    (first,) = organisation.send_events(sent)
    organisation.send_events(bill("5"))
    (again,) = organisation.send_events(sent)
    assert ("applied", first | {"status": "duplicate"}) == (first["status"], again)
    assert 2 == organisation.stored()["event"]


def test_other_content_under_the_same_name_is_a_conflict(organisation: OrganisationClient) -> None:
    """What an event said cannot be changed by sending it again."""
    organisation.define(group())
    sent = bill("40")
    (first,) = organisation.send_events(sent)
    changed = [
        sent | {"data": sent["data"] | {"netAmount": "41"}},
        sent | {"time": "2026-01-20T10:00:01Z"},
        event("Run", id=sent["id"]),
    ]
    answered = organisation.send_events(*changed)
    assert ["conflict"] * 3 == statuses(answered)
    assert [first["customerId"]] * 3 == [item["customerId"] for item in answered]
    assert [[]] * 3 == [item["entries"] for item in answered]
    assert "received before, with other content" in answered[0]["problems"][0]["reason"]
    (row,) = organisation.rows(first["customerId"])
    assert Decimal(40) == row["targetAchievedValue"]


def test_the_same_content_may_be_written_otherwise(organisation: OrganisationClient) -> None:
    """42.5 and 42.50, another order of fields and another offset of the same instant are one event."""
    sent = bill("42.5")
    organisation.send_events(sent)
    other = {key: sent[key] for key in reversed(sent)} | {"time": "2026-01-20T15:30:00+05:30"}
    other["data"] = {key: other["data"][key] for key in reversed(other["data"])} | {"netAmount": Decimal("42.50")}
    assert ["duplicate"] == statuses(organisation.send_events(other))


def test_a_repetition_in_the_same_request_is_a_duplicate(organisation: OrganisationClient) -> None:
    """Of several alike the first is applied, the others get its answer; one with other content is a conflict."""
    organisation.define(group())
    sent = bill("40")
    alike, other = (sent | {"data": sent["data"] | {"netAmount": net}} for net in ("40.00", "41"))
    items = organisation.send_events(sent, alike, other)
    assert ["applied", "duplicate", "conflict"] == statuses(items)
    assert (1, items[0]["entries"]) == (len(items[0]["entries"]), items[1]["entries"])
    assert 1 == organisation.stored()["event"]


def test_the_same_id_of_another_source_is_another_event(organisation: OrganisationClient) -> None:
    """An event is named by its source and its id."""
    sent = bill("40")
    assert ["applied"] * 2 == statuses(organisation.send_events(sent, sent | {"source": "other"}))


def test_a_repeated_return_takes_back_once(organisation: OrganisationClient) -> None:
    """A return that is sent twice is one return."""
    organisation.define(group())
    bought = bill("40")
    returned = back(bought["id"], "AMOUNT", amount=15)
    assert ["applied", "applied", "duplicate"] == statuses(organisation.send_events(bought, returned, returned))
    (row,) = organisation.rows(organisation.customer("anna"))
    assert Decimal(25) == row["targetAchievedValue"]


def test_events_of_one_request_are_applied_in_their_own_order(organisation: OrganisationClient) -> None:
    """The goal is reached by the last bill of the request, whatever its date (facts 8 #66)."""
    organisation.define(group())
    later, earlier = bill("60", time="2026-01-19T10:00:00Z"), bill("50", time="2026-01-18T10:00:00Z")
    items = organisation.send_events(later, earlier)
    assert [0, 60] == [item["entries"][0]["before"] for item in items]


def test_a_bad_event_does_not_spoil_its_neighbours(organisation: OrganisationClient) -> None:
    """Each event is answered in its place, the good ones are applied."""
    organisation.define(group())
    items = organisation.send_events(
        bill("1"),
        bill("x"),
        bill("2", store={"code": "nowhere"}),
        bill("3", customer={"mobile": "nobody's"}),
        bill("4"),
    )
    assert ["applied", "refused", "refused", "refused", "applied"] == statuses(items)
    assert [[], ["data.netAmount"], ["store.code"], ["customer.mobile"], []] == [
        [problem["path"] for problem in item["problems"]] for item in items
    ]
    (row,) = organisation.rows(organisation.customer("anna"))
    assert Decimal(5) == row["targetAchievedValue"]


def test_a_refused_event_registers_nobody(organisation: OrganisationClient) -> None:
    """An unknown external id is registered by an event that counts, not by one that is refused."""
    assert ["refused"] == statuses(
        organisation.send_events(bill(customer={"externalId": "new"}, till={"code": "no such till"}))
    )
    assert ["till"] == list(organisation.stored())
    assert ["applied"] == statuses(organisation.send_events(bill(customer={"externalId": "new"})))
    assert (1, 1, 1) == tuple(organisation.stored()[table] for table in ("customer", "identity", "standing"))


def test_many_senders_of_one_event_make_one(organisation: OrganisationClient) -> None:
    """Of 64 requests at the same time one applies it, the others are told that they repeat it."""
    organisation.define(group(target("TRANSACTION", "COUNT")))
    sent = [bill("40", customer={"externalId": "new"})]

    async def together() -> list[httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            return await asyncio.gather(*(client.post("/api/v1/events", json=sent) for _ in range(64)))

    items = [item for answered in organisation.client.run(together) for item in json_of(answered)["items"]]
    assert ["applied"] + ["duplicate"] * 63 == sorted(statuses(items))
    assert 1 == len({item["customerId"] for item in items})
    assert (1, 1, 1) == tuple(organisation.stored()[table] for table in ("customer", "event", "standing"))
