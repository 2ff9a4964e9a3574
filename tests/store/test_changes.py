"""Changing a running target: the preview says who gains and loses, and applying it does just that, once."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest
from msgspec.structs import replace

from milepost.model.access.role import Role
from milepost.model.definitions.change import BelowGoal, ChangePolicy, ChangeState, DefinitionChange
from milepost.model.event import RETURN, EventKey, Return, ReturnKind
from milepost.model.problem import Refused
from milepost.model.standing import OutcomeKind, ProgressKey
from milepost.model.target import Author, Kpi
from milepost.rules.definition.draft import GroupDraft
from milepost.service.changes.drafts import revert, save_draft
from milepost.service.changes.previews import PreviewView, preview
from milepost.service.changes.publishing import Publication, publish
from milepost.service.changes.reviews import review
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.ingest.customer_locks import CustomerLocks
from milepost.service.organisations.provisioning import change_settings
from milepost.service.scheduled.jobs import work_once
from milepost.service.snapshot.access import Caller
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, StoredStanding
from tests.store.fixtures_db import HOUR, NOW, House, group_draft, open_house, outcomes_of, run

ANNA, BERT, CARL = "anna", "bert", "carl"


def caller(house: House, code: str = "t") -> Caller:
    """Return a login that may define."""
    return Caller(org_id=house.org_id, author=Author(id=1, code=code, name=code), till_id=None, role=Role.ADMIN)


async def shopped(house: House) -> None:
    """Send bills of three customers: 120, which achieves the goal of 100, and 60 and 30, which do not."""
    bills = [
        house.bill("a1", net="70"),
        house.bill("a2", net="50"),
        house.bill("b1", BERT, "60", at=NOW - HOUR),
        house.bill("c1", CARL, "30"),
    ]
    await house.servers[0].lanes.receive(bills)


async def previewed(
    house: House, draft: GroupDraft, policy: ChangePolicy, below: BelowGoal = BelowGoal.KEEP
) -> PreviewView:
    """Save a draft of the first target and preview it."""
    runtime, group_id = house.servers[0], house.groups[0].id
    await save_draft(runtime, caller(house), group_id, DefinitionRequest(draft))
    return await preview(runtime, caller(house), group_id, policy, below)


async def published(house: House) -> list[DefinitionChange]:
    """Publish the draft of the first target, with a second login's approval, and do all jobs."""
    runtime, group_id = house.servers[0], house.groups[0].id
    await review(runtime, caller(house, "second"), group_id, approves=True, comment="as discussed")
    done = await publish(runtime, caller(house), Publication(group_ids=(group_id,)))
    while await work_once(runtime, page=2):
        pass
    return done


@dataclass(frozen=True, slots=True)
class Counts:
    """How many customers gain and lose, by the preview and in fact; the fact counts outcomes of the change."""

    gain: int
    lose: int


async def told(house: House) -> Counts:
    """Return how many achievements and losses of the first target the outbox tells since the change."""
    target = house.groups[0].targets[0].id
    async with house.database.transaction() as transaction:
        rows = await transaction._connection.execute(
            "select o.body from outbox as o join event as e using (bucket, org_id, customer_id, seq)"
            " where e.name = 'milepost.DefinitionChange'"
        )
        bodies = [body for (body,) in await rows.fetchall()]
    kinds = [outcome.kind for outcome in outcomes_of(bodies) if outcome.target_id == target]
    return Counts(kinds.count(OutcomeKind.ACHIEVED), kinds.count(OutcomeKind.UNACHIEVED))


async def refusal_of(house: House) -> list[str]:
    """Publish the draft of the first target; return why that is refused."""
    try:
        await publish(house.servers[0], caller(house), Publication(group_ids=(house.groups[0].id,)))
    except Refused as refused:
        return [problem.reason for problem in refused.problems]
    return []


CASES = [
    # goal, expression, policy, below, gain, lose
    (50, "true", ChangePolicy.FROM_NOW, BelowGoal.KEEP, 1, 0),
    (50, "true", ChangePolicy.NEXT_PERIOD, BelowGoal.KEEP, 0, 0),
    (130, "true", ChangePolicy.FROM_NOW, BelowGoal.REVOKE, 0, 1),
    (130, "true", ChangePolicy.FROM_NOW, BelowGoal.KEEP, 0, 0),
    (50, "currentTxn.value > 55", ChangePolicy.RECOMPUTE_RUNNING, BelowGoal.REVOKE, 1, 0),
    (100, "currentTxn.value > 55", ChangePolicy.RECOMPUTE_RUNNING, BelowGoal.REVOKE, 0, 1),
    (20, "currentTxn.value < 40", ChangePolicy.RECOMPUTE_ALL, BelowGoal.REVOKE, 1, 1),
    (20, "currentTxn.value < 40", ChangePolicy.RECOMPUTE_ALL, BelowGoal.KEEP, 1, 0),
]


@pytest.mark.parametrize("goal, expression, policy, below, gain, lose", CASES)
def test_what_the_preview_counts_is_what_happens(
    database_url: str, goal: int, expression: str, policy: ChangePolicy, below: BelowGoal, gain: int, lose: int
) -> None:
    """Who gains and who loses is counted before; each is told once, and replaying the log gives what is stored."""

    async def life() -> tuple[PreviewView, Counts, list[object]]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            view = await previewed(house, group_draft(Kpi.SALES, goal, expression), policy, below)
            await published(house)
            await house.servers[0].lanes.receive([house.bill("later", CARL, "1")])
            return view, await told(house), list(await house.disagreeing())

    view, happened, disagreeing = run(life)
    assert (ChangeState.PREVIEWED, 3) == (view.change.state, view.change.looked_at)
    assert (gain, lose) == (view.change.gain, view.change.lose)
    assert Counts(gain, lose) == happened
    assert [] == disagreeing


def test_a_customer_who_is_heard_before_the_job_is_recomputed_first(database_url: str) -> None:
    """Bert's next bill finds the recomputed value of 60, over the new goal; the job tells him nothing again."""

    async def life() -> tuple[list[int], Counts, list[object]]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            await previewed(house, group_draft(Kpi.SALES, 50), ChangePolicy.FROM_NOW)
            runtime = house.servers[0]
            await publish(runtime, caller(house), Publication(group_ids=(house.groups[0].id,)))
            answers = await runtime.lanes.receive([house.bill("b2", BERT, "5")])
            before_job = await told(house)
            while await work_once(runtime, page=1):
                pass
            seqs = [entry.before for answer in answers for entry in answer.entries]
            assert Counts(1, 0) == before_job
            return seqs, await told(house), list(await house.disagreeing())

    befores, happened, disagreeing = run(life)
    assert 600_000 in befores
    assert (Counts(1, 0), []) == (happened, disagreeing)


@pytest.mark.parametrize("is_optimistic", [False, True])
def test_a_return_takes_back_what_its_bill_adds_by_the_changed_measure(
    database_url: str, *, is_optimistic: bool
) -> None:
    """Bills of 70 and 50 were money and are one each now: a full return of the first one leaves 1 of 2."""

    async def life() -> tuple[list[int], list[object]]:
        async with open_house(database_url, servers=1, is_optimistic=is_optimistic) as house:
            await shopped(house)
            await previewed(house, counting_draft(2), ChangePolicy.RECOMPUTE_RUNNING)
            await published(house)
            values = [await value_of(house)]
            for number, (kind, amount) in enumerate([(ReturnKind.AMOUNT, Decimal(10)), (ReturnKind.FULL, None)]):
                payload = Return(kind=kind, original="a1", extended_fields={}, amount=amount)
                key = EventKey("test", f"r{number}")
                await house.servers[0].lanes.receive([replace(house.bill("a1"), key=key, name=RETURN, payload=payload)])
                values.append(await value_of(house))
            return values, list(await house.disagreeing())

    values, disagreeing = run(life)
    assert [20_000, 20_000, 10_000] == values
    assert [] == disagreeing


def counting_draft(goal: int) -> GroupDraft:
    """Return the first target's draft: it counts bills instead of money."""
    draft, name = group_draft(Kpi.COUNT, goal), Kpi.SALES.value
    return dataclasses.replace(draft, name=name, targets=(dataclasses.replace(draft.targets[0], name=name),))


async def value_of(house: House) -> int:
    """Return Anna's value of the first target in January, in units."""
    key, group = await house.customer_key(ANNA), house.groups[0]
    async with house.database.transaction() as transaction:
        standing = (await log.standings(transaction, [key]))[key]
    return standing.progress[ProgressKey(group.targets[0].id, group.periods[0].id)].value


def test_an_event_that_a_publication_overtakes_is_judged_anew(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bill that began before the publication and comes to its customer after the recomputation counts as one."""

    async def life() -> tuple[int, list[object]]:
        async with open_house(database_url, servers=1, is_optimistic=False) as house:
            await shopped(house)
            await previewed(house, counting_draft(2), ChangePolicy.RECOMPUTE_RUNNING)
            original, overtaken = CustomerLocks.lock, list[bool]()

            async def overtaking(
                self: CustomerLocks, transaction: Transaction, customer_keys: Sequence[CustomerKey], *, waits: bool
            ) -> tuple[dict[CustomerKey, StoredStanding], set[CustomerKey]]:
                if not overtaken:
                    overtaken.append(True)
                    await published(house)
                return await original(self, transaction, customer_keys, waits=waits)

            monkeypatch.setattr(CustomerLocks, "lock", overtaking)
            await house.servers[0].lanes.receive([house.bill("a3", net="5")])
            assert overtaken
            return await value_of(house), list(await house.disagreeing())

    value, disagreeing = run(life)
    assert 30_000 == value
    assert [] == disagreeing


def test_a_preview_of_what_was_before_is_not_published(database_url: str) -> None:
    """A draft saved again, settings that changed and a published change make the preview outdated; events do not."""

    async def refusals() -> list[list[str]]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            runtime, group_id = house.servers[0], house.groups[0].id
            found: list[list[str]] = []

            async def attempt() -> None:
                found.append(await refusal_of(house))

            draft = group_draft(Kpi.SALES, 50)
            await attempt()
            await previewed(house, draft, ChangePolicy.FROM_NOW)
            await save_draft(runtime, caller(house), group_id, DefinitionRequest(draft))
            await attempt()
            await previewed(house, draft, ChangePolicy.FROM_NOW)
            await change_settings(house.database, organisation="brand", changes={"approvals": "ON"})
            await attempt()
            await previewed(house, draft, ChangePolicy.FROM_NOW)
            await attempt()
            with pytest.raises(Refused):
                await review(runtime, caller(house), group_id, approves=True, comment="my own")
            await review(runtime, caller(house, "second"), group_id, approves=False, comment="too low")
            await attempt()
            await review(runtime, caller(house, "second"), group_id, approves=True, comment="after all")
            await house.servers[0].lanes.receive([house.bill("between", CARL, "1")])
            await attempt()
            return found

    group = "target group"
    none, saved, settings, alone, rejected, approved = run(refusals)
    assert [f"this {group} has no draft"] == [reason.partition(" (")[0] for reason in none]
    assert any("the draft of" in reason for reason in saved)
    assert any("the settings changed" in reason for reason in settings)
    assert any("waits for another login" in reason for reason in alone)
    assert any("waits for another login" in reason for reason in rejected)
    assert [] == approved


def test_a_group_goes_back_to_an_earlier_version(database_url: str) -> None:
    """A revert is a draft like any other: after it the goal is what it was."""

    async def life() -> list[Decimal]:
        async with open_house(database_url, servers=1) as house:
            runtime, group_id = house.servers[0], house.groups[0].id
            await previewed(house, group_draft(Kpi.SALES, 50), ChangePolicy.FROM_NOW)
            await published(house)
            async with house.database.transaction() as transaction:
                from milepost.store.drafts import changes

                versions = await changes.group_versions(transaction, house.org_id, group_id)
            await revert(runtime, caller(house), group_id, versions[0][0])
            await preview(runtime, caller(house), group_id, ChangePolicy.FROM_NOW, BelowGoal.KEEP)
            await published(house)
            async with house.database.transaction() as transaction:
                versions = await changes.group_versions(transaction, house.org_id, group_id)
            return [group.targets[0].goals[0].value for _, group in versions]

    assert [100, 50, 100] == [int(goal) for goal in run(life)]
