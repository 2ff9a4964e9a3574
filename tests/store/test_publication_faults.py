"""Publishing is all or nothing, whichever statement fails and whoever publishes at the same time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from milepost.model.definitions.change import BelowGoal, ChangePolicy
from milepost.model.problem import Refused
from milepost.model.target import Kpi
from milepost.service.changes.drafts import save_draft
from milepost.service.changes.previews import preview
from milepost.service.changes.publishing import Publication, publish
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.scheduled.jobs import work_once
from milepost.store.database import Transaction
from milepost.store.drafts import changes
from tests.store.fixtures_db import House, group_draft, open_house, run
from tests.store.test_changes import Counts, caller, shopped, told

STATEMENTS_MAX = 200


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Fail at the statement with this *number*, counted from the beginning of the block; return those before it."""
    made: list[str] = []

    def counted(original: Any) -> Any:
        async def statement(self: Transaction, name: str, *values: Any) -> Any:
            made.append(name)
            if len(made) == number:
                raise Killed(name)
            return await original(self, name, *values)

        return statement

    with monkeypatch.context() as patched:
        for method in ("rows", "row", "run"):
            patched.setattr(Transaction, method, counted(getattr(Transaction, method)))
        yield made


async def ready(house: House) -> Publication:
    """Preview drafts of both targets: a goal of 50 in place of 100, and of 1 bill in place of 3."""
    runtime = house.servers[0]
    await shopped(house)
    for group, kpi, goal in zip(house.groups, (Kpi.SALES, Kpi.COUNT), (50, 1), strict=True):
        await save_draft(runtime, caller(house), group.id, DefinitionRequest(group_draft(kpi, goal)))
        await preview(runtime, caller(house), group.id, ChangePolicy.FROM_NOW, BelowGoal.KEEP)
    return Publication(group_ids=tuple(group.id for group in house.groups))


async def versions(house: House) -> list[int]:
    """Return how many versions each target group has."""
    async with house.database.transaction() as transaction:
        return [len(await changes.group_versions(transaction, house.org_id, group.id)) for group in house.groups]


def test_publishing_that_is_killed_at_any_statement_leaves_all_or_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at the first statement, the second and so on, both groups keep one version; unharmed, both get two."""

    async def life() -> tuple[int, list[list[int]]]:
        async with open_house(database_url, servers=1) as house:
            publication, seen = await ready(house), list[list[int]]()
            for number in range(1, STATEMENTS_MAX):
                try:
                    with killed_at(number, monkeypatch):
                        await publish(house.servers[0], caller(house), publication)
                except Killed:
                    seen.append(await versions(house))
                    continue
                return number, [*seen, await versions(house)]
            raise AssertionError("publishing never ends")

    number, seen = run(life)
    assert number > 20
    assert [[1, 1]] * (number - 1) + [[2, 2]] == seen


def test_a_recomputation_that_is_killed_at_any_statement_goes_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page is killed at each of its statements and done again; every customer is told once, and replay agrees."""

    async def life() -> tuple[int, Counts, list[object]]:
        async with open_house(database_url, servers=1) as house:
            await publish(house.servers[0], caller(house), await ready(house))
            kills, number = 0, 1
            for _ in range(STATEMENTS_MAX * 10):
                try:
                    with killed_at(number, monkeypatch):
                        has_worked = await work_once(house.servers[0], page=2)
                except Killed:
                    kills, number = kills + 1, number + 1
                    continue
                if not has_worked:
                    break
                number = 1 if number > STATEMENTS_MAX else number + 1
            while await work_once(house.servers[0], page=2):
                pass
            return kills, await told(house), list(await house.disagreeing())

    kills, happened, disagreeing = run(life)
    assert kills > 20
    assert (Counts(1, 0), []) == (happened, disagreeing)


def test_two_logins_that_publish_at_once_publish_once(database_url: str) -> None:
    """One of the two brings both drafts in force; the other one is refused, for there is no draft any more."""

    async def life() -> tuple[list[str], list[int], Counts]:
        async with open_house(database_url, servers=2) as house:
            publication = await ready(house)
            first, second = house.servers

            async def attempt(runtime: Any, code: str) -> str:
                try:
                    done = await publish(runtime, caller(house, code), publication)
                except Refused as refused:
                    return refused.problems[0].reason.partition(" (")[0]
                return f"published {len(done)}"

            said = await asyncio.gather(attempt(first, "t"), attempt(second, "other"))
            while await work_once(first, page=1) or await work_once(second, page=1):
                pass
            return sorted(said), await versions(house), await told(house)

    said, made, happened = run(life)
    assert ["published 2", "this target group has no draft"] == said
    assert ([2, 2], Counts(1, 0)) == (made, happened)
