"""Changes that are published now and come in force later, by the clock of the server."""

from functools import partial

import pytest

from milepost.model.access.role import Role
from milepost.model.definitions.change import BelowGoal, ChangePolicy, ChangeState
from milepost.model.problem import Refused
from milepost.model.standing import OutcomeKind
from milepost.model.target import Author, Kpi
from milepost.model.time import Micros
from milepost.service.changes.drafts import save_draft
from milepost.service.changes.previews import preview
from milepost.service.changes.publishing import Publication, publish
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.organisations.provisioning import change_settings
from milepost.service.runtime.runtime import build_runtime
from milepost.service.scheduled.jobs import work_once
from milepost.service.snapshot.access import Caller
from milepost.store.drafts import changes
from tests.store.fixtures_db import HOUR, NOW, House, group_draft, open_house, outcomes_of, run


def caller(house: House) -> Caller:
    """Return a login that may define."""
    return Caller(org_id=house.org_id, author=Author(id=1, code="t", name="t"), till_id=None, role=Role.ADMIN)


async def previewed(house: House) -> None:
    """Draft a goal of 50 in the place of 100, for what comes from now on, and preview it."""
    runtime, group_id, draft = house.servers[0], house.groups[0].id, DefinitionRequest(group_draft(Kpi.SALES, 50))
    await save_draft(runtime, caller(house), group_id, draft)
    await preview(runtime, caller(house), group_id, ChangePolicy.FROM_NOW, BelowGoal.KEEP)


async def told(house: House) -> int:
    """Return how many achievements the outbox tells with the change as their cause."""
    async with house.database.transaction() as transaction:
        rows = await transaction._connection.execute(
            "select o.body from outbox as o join event as e using (bucket, org_id, customer_id, seq)"
            " where e.name = 'milepost.DefinitionChange'"
        )
        bodies = [body for (body,) in await rows.fetchall()]
    return sum(1 for outcome in outcomes_of(bodies) if outcome.kind is OutcomeKind.ACHIEVED)


@pytest.mark.parametrize("settings_change", [False, True])
def test_a_change_comes_in_force_when_it_is_to_start(database_url: str, *, settings_change: bool) -> None:
    """Until then the live goal counts, and nobody is told; settings that change meanwhile make it outdated."""

    async def life() -> tuple[list[ChangeState], list[int], list[int]]:
        async with open_house(database_url, servers=1) as house:
            await house.servers[0].lanes.receive([house.bill("b1", net="60")])
            runtime, group_id, starts_at = house.servers[0], house.groups[0].id, Micros(NOW + HOUR)
            await previewed(house)
            publication = Publication(group_ids=(group_id,), starts_at=starts_at)
            states = [one.state for one in await publish(runtime, caller(house), publication)]
            if settings_change:
                await change_settings(house.database, organisation="brand", changes={"approvals": "ON"})
            goals, tellings = list[int](), list[int]()
            for at in (NOW, starts_at - 1, starts_at):
                later = build_runtime(house.database, partial(Micros, at), lanes=1, limits=Limits())
                while await work_once(later, page=2):
                    pass
                async with house.database.transaction() as transaction:
                    change = await changes.latest(transaction, house.org_id, group_id)
                    versions = await changes.group_versions(transaction, house.org_id, group_id)
                assert change is not None
                states.append(change.state)
                goals.append(int(versions[-1][1].targets[0].goals[0].value))
                tellings.append(await told(house))
            return states, goals, tellings

    states, goals, tellings = run(life)
    waiting = [ChangeState.SCHEDULED] * 3
    if settings_change:
        assert ([*waiting, ChangeState.OUTDATED], [100, 100, 100]) == (states, goals)
        assert [0, 0, 0] == tellings
    else:
        assert ([*waiting, ChangeState.PUBLISHED], [100, 100, 50]) == (states, goals)
        assert [0, 0, 1] == tellings


def test_a_change_cannot_start_in_the_past(database_url: str) -> None:
    """A start at this very instant is refused as well, and the field is named."""

    async def life() -> list[str]:
        async with open_house(database_url, servers=1) as house:
            await previewed(house)
            publication = Publication(group_ids=(house.groups[0].id,), starts_at=NOW)
            with pytest.raises(Refused) as refused:
                await publish(house.servers[0], caller(house), publication)
            return [problem.path for problem in refused.value.problems]

    assert ["startsAt"] == run(life)
