"""Edits between events: replaying the log under the versions that judged it gives what is stored (law 7)."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from milepost.model.target import Author, TargetGroup
from milepost.rules.definition.draft import PeriodDraft, TargetDraft
from milepost.rules.edits.amendment import AmendedGroup, EditContext, PeriodAmendment, TargetAmendment
from milepost.rules.edits.group_edits import change_targets, delete_group
from milepost.rules.edits.period_edits import change_periods
from milepost.service.definitions.edit import Edit, edit
from milepost.store import organisations
from tests.store.fixtures_db import HOUR, NOW, House, open_house, run

AUTHOR = Author(id=1, code="till", name="Till")
Change = Callable[[TargetGroup, EditContext], AmendedGroup]


def target_change(draft: TargetDraft) -> Change:
    """Return a change of a group's one target."""

    def change(group: TargetGroup, where: EditContext) -> AmendedGroup:
        amendment = TargetAmendment(path="", id=group.targets[0].id, draft=draft)
        return change_targets(group, (amendment,), where)

    return change


def longer(group: TargetGroup, where: EditContext) -> AmendedGroup:
    """Extend the last period, or the running one, by years."""
    last = max(group.periods, key=lambda period: period.opens_at)
    draft = PeriodDraft(ends="2035-12-31", description="longer")
    return change_periods(group, (PeriodAmendment(path="", id=last.id, draft=draft),), where)


CHANGES: tuple[tuple[str, Change], ...] = (
    ("goal", target_change(TargetDraft(goals=(Decimal(15),)))),
    ("condition", target_change(TargetDraft(expression="currentTxn.value>1000"))),
    ("use", target_change(TargetDraft(active=False))),
    ("period", longer),
    ("group", delete_group),
)


async def changed(house: House, change: Change) -> int:
    """Change the house's first group; return the version it is at afterwards."""
    asked = Edit(group_id=house.groups[0].id, amend=change)
    await edit(house.database, house.org_id, AUTHOR, asked, NOW)
    async with house.database.reading() as reading:
        return (await organisations.versions(reading, [house.org_id]))[house.org_id]


@pytest.mark.parametrize("what, change", CHANGES)
def test_an_edit_between_events_is_replayed(database_url: str, what: str, change: Change) -> None:
    """Bills before and after, late ones, and ones so late that progress comes back from the history."""

    async def story() -> tuple[int, int, list[object]]:
        async with open_house(database_url, servers=2) as house:
            one, other = house.servers
            await one.lanes.receive([house.bill("a1"), house.bill("a2", at=NOW - HOUR)])
            await other.lanes.receive([house.bill("b1", "bert")])
            before = (await house.replayed(await house.customer_key())).log[-1].seq
            await changed(house, change)
            await one.lanes.receive([house.bill("a3"), house.bill("a4", at=NOW + 24 * 19 * HOUR)])
            await other.lanes.receive([house.bill("a5", at=NOW - 2 * HOUR), house.bill("b2", "bert")])
            replayed = await house.replayed(await house.customer_key())
            return before, len(replayed.log), list(await house.disagreeing())

    assert (what, (2, 5, [])) == (what, run(story))


def test_every_version_of_a_definition_stays(database_url: str) -> None:
    """The definition in force at a version can be read at any time."""

    async def story() -> tuple[list[Decimal], list[Decimal]]:
        async with open_house(database_url, servers=1) as house:
            after = await changed(house, target_change(TargetDraft(goals=(Decimal(7),))))
            async with house.database.reading() as reading:
                old = await organisations.groups_at(reading, house.org_id, after - 1)
                new = await organisations.groups_at(reading, house.org_id, after, since=after - 1)
            return [group.targets[0].goals[0].value for group in old], [
                group.targets[0].goals[0].value for group in new
            ]

    assert ([Decimal(100), Decimal(3)], [Decimal(7)]) == run(story)
