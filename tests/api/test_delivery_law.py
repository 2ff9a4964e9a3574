"""Whatever dies on the way: each outcome arrives at least once under one id, and none that did not happen (law 21)."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

import pytest

from milepost.model.standing import OutcomeKind
from milepost.service.delivery.relay import relay_once
from milepost.service.delivery.replayed_customer import replay_customer
from milepost.service.snapshot.wanted_outcomes import TYPE_OF_KIND
from milepost.store import log
from milepost.store.log import key_of_customer
from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened
from tests.api.client_forms import FEBRUARY, JANUARY, bill, group, target
from tests.api.receiver import OK, Got, Stage, kill

HOUR = 3_600_000_000
CUSTOMERS = [f"c{place}" for place in range(6)]

Told = tuple[int, str, int]
"""The customer, the type and the target (0 for a whole group) of a message."""


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


class Chaos:
    """A receiver, a relay and a sender that fail by chance, and the clock that lets them try again."""

    def __init__(self, organisation: OrganisationClient, seed: int) -> None:
        """Fail by *seed*."""
        self.organisation = organisation
        self.random = Random(seed)
        self.stage = Stage(organisation.client, self.answer)
        self.arrived: dict[str, Json] = {}

    async def answer(self, got: Got, writer: asyncio.StreamWriter) -> None:
        """Keep what arrives; then answer, refuse, or break off although it arrived."""
        chance = self.random.random()
        if chance < 0.3:
            writer.write(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n")
            return
        known = self.arrived.setdefault(got.headers["webhook-id"], got.json)
        assert known == got.json, "one id has one body"
        if chance < 0.5:
            writer.transport.abort()
        else:
            writer.write(OK)

    def round(self) -> None:
        """Relay and send a little; kill the sender or take the relay's lease away by chance."""
        kills, steals = self.random.random() < 0.4, self.random.random() < 0.3

        async def work() -> None:
            await relay_once(self.organisation.client.runtime, page=self.random.randint(1, 8))
            await self.stage.sender.once()
            await self.stage.sender.wait(self.random.randint(1, 30))
            if kills:
                await kill(self.stage.sender)
                self.stage.sender = self.stage.new_sender()

        self.organisation.client.run(work)
        connection = self.organisation.client.connection
        if steals:
            connection.execute("update relay set epoch = epoch + 1, leased_until = null")
        connection.execute("update delivery set leased_until = null where state = 'PENDING'")
        self.organisation.client.clock.advance(HOUR)


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 22))])
def test_each_outcome_arrives_and_none_that_did_not_happen(front: ApiClient, seed: int) -> None:
    """Bills and returns of some customers, with targets, a unified group and a streak."""
    organisation = front.organisation(afterAchievement="REVOKE")
    define_kinds(organisation)
    chaos = Chaos(organisation, seed)
    body = {"url": chaos.stage.receiver.url, "schedule": [60] * 20, "timeLimit": 2}
    webhook = json_of(organisation.post("/api/v1/webhooks", body))["id"]
    for batch in range(4):
        organisation.send_events(*(random_bill(chaos.random, CUSTOMERS, f"{batch}-{place}") for place in range(15)))
        chaos.round()
    for _ in range(200):
        chaos.round()
        if not organisation.get(f"/api/v1/webhooks/{webhook}")["pending"] and not _waiting(organisation):
            break
    chaos.stage.close()
    assert [] == organisation.get(f"/api/v1/webhooks/{webhook}/deliveries", state="DEAD")["items"]
    happened = Counter(outcome for name in CUSTOMERS for outcome in outcomes_of(organisation, name))
    assert happened == Counter(told(message) for message in chaos.arrived.values())
    assert 20 <= sum(happened.values())


def _waiting(organisation: OrganisationClient) -> int:
    return organisation.client.number("select count(*) from outbox where org_id = %s", organisation.organisation.id)


def define_kinds(organisation: OrganisationClient) -> None:
    """Define a target, a unified group and a streak."""
    periods = (JANUARY, FEBRUARY)
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}]), periods=periods))
    organisation.define(
        group(
            target(name="one", defaultValues=[{"defaultValue": 50}]),
            target("TRANSACTION", "COUNT", name="two", defaultValues=[{"defaultValue": 3}]),
            name="together",
            trackingType="UNIFIED",
            combinationType="ALL",
            periods=periods,
        )
    )
    organisation.define(
        group(
            target(name="weekly", defaultValues=[{"defaultValue": 40}]),
            name="in a row",
            trackingType="STREAKS",
            streaks=[{"name": "Bronze", "targetCountOfSequence": 1}],
            periods=periods,
        )
    )


def random_bill(random: Random, customers: Sequence[str], name: str) -> Json:
    """Return a bill of one of *customers*."""
    customer, day = random.choice(customers), random.randint(1, 19)
    return bill(str(random.randint(5, 60)), name, id=name, customer=customer, time=f"2026-01-{day:02}T10:00:00Z")


def told(message: Json) -> Told:
    """Return what a message says."""
    data = message["data"]
    return data["customer"]["id"], message["type"], data.get("target", {"id": 0})["id"]


def outcomes_of(organisation: OrganisationClient, name: str) -> list[Told]:
    """Return what the log of a customer leads to when it is applied again."""
    customer = organisation.customer(name)
    key = key_of_customer(organisation.organisation.id, customer)

    async def work() -> list[Told]:
        async with organisation.client.runtime.database.transaction() as transaction:
            standing = (await log.standings(transaction, [key]))[key]
            replayed = (await replay_customer(transaction, key, standing.lineage, {})).replayed
        whole = {OutcomeKind.UNIFIED_ACHIEVED, OutcomeKind.UNIFIED_UNACHIEVED}
        return [
            (customer, TYPE_OF_KIND[one.kind].value, 0 if one.kind in whole else one.target_id)
            for one in replayed.outcomes
        ]

    return organisation.client.run(work)
