"""Decisions that several servers make at once never give more than the cap, and each is made once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import AUTHORISE_AWARD, AuthoriseAward, AwardKind, EventKey
from milepost.model.standing import Entry, Reason
from milepost.model.target import Author, EnrolmentMethod, Entity, Kpi, Tracking
from milepost.rules.definition.draft import GroupDraft, TargetDraft
from milepost.service.definitions.define import DefinitionRequest, define_groups
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from milepost.service.ingest.transaction import Ingest
from tests.store.fixtures_db import MONTHS, NOW, House, run_on_servers

CAP = 100


async def cap(house: House) -> None:
    """Define a cap of a hundred points a month."""
    target = TargetDraft(
        name="most",
        entity=Entity.REWARDS,
        kpi=Kpi.ALL_POINTS,
        enrolment=EnrolmentMethod.TRANSACTION,
        goals=(Decimal(CAP),),
    )
    draft = GroupDraft(
        name="cap",
        preferred_till_id=0,
        tracking=Tracking.CAPPING,
        total_periods=len(MONTHS),
        periods=MONTHS,
        targets=(target,),
    )
    await define_groups(house.database, house.org_id, Author(id=1, code="t", name="t"), DefinitionRequest(draft), NOW)


def decision(house: House, id_: str, amount: str) -> IncomingEvent:
    """Ask for points for Anna."""
    return IncomingEvent(
        org_id=house.org_id,
        customer=Identifier(IdentifierKind.EXTERNAL_ID, "anna"),
        key=EventKey("test", id_),
        name=AUTHORISE_AWARD,
        occurred_at=NOW,
        received_at=NOW,
        place=None,
        till_id=None,
        payload=AuthoriseAward(kind=AwardKind.REGULAR, amount=Decimal(amount)),
    )


def granted(entries: Sequence[Entry]) -> int:
    """Return how much a decision gives, in whole points."""
    (entry,) = (entry for entry in entries if entry.reason is Reason.GRANTED)
    return entry.after // 10_000


def test_servers_that_decide_at_once_give_exactly_the_cap(database_url: str) -> None:
    """Fifty decisions of seven points through ten ways in on two servers: fourteen of seven, one of two, then none."""

    async def life(house: House) -> None:
        await cap(house)
        await house.servers[0].lanes.receive([house.bill("first")])
        ways = [Ingest(server.database, server.snapshots) for server in islice(house.servers * 5, 10)]
        asked = [decision(house, f"d{number}", "7") for number in range(50)]
        answers = await asyncio.gather(
            *(ways[place % 10]([incoming_event]) for place, incoming_event in enumerate(asked))
        )
        assert {Status.APPLIED: 50} == Counter(answer.status for (answer,) in answers)
        assert {7: 14, 2: 1, 0: 35} == Counter(granted(answer.entries) for (answer,) in answers)

    run_on_servers(database_url, life)


def test_a_decision_requested_from_many_servers_is_made_once(database_url: str) -> None:
    """One applies it, the others give the same answer; the cap is used once."""

    async def life(house: House) -> None:
        await cap(house)
        await house.servers[0].lanes.receive([house.bill("first")])
        ways = [Ingest(server.database, server.snapshots) for server in islice(house.servers * 10, 20)]
        answers = await asyncio.gather(*(way([decision(house, "same", "60")]) for way in ways))
        assert {Status.APPLIED: 1, Status.DUPLICATE: 19} == Counter(answer.status for (answer,) in answers)
        assert {60} == {granted(answer.entries) for (answer,) in answers}
        (further,) = await ways[0]([decision(house, "other", "60")])
        assert 40 == granted(further.entries)

    run_on_servers(database_url, life)
