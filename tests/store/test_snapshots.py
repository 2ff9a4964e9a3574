"""A new version of an organisation is made of the earlier one and of what changed since."""

import threading
from collections.abc import Collection

import pytest

from milepost.model.organisation import Organisation
from milepost.model.target import TargetGroup
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from milepost.service.organisations.places import PlaceDraft, keep_stores
from milepost.service.runtime.runtime import current_snapshot
from milepost.service.snapshot import organisation_snapshot
from tests.store.fixtures_db import House, define_again, run_on_servers


async def keep(house: House, *codes: str, name: str) -> None:
    """Add or rename stores through the first server."""
    server = house.servers[0]
    drafts = [PlaceDraft(code=code, name=name) for code in codes]
    await keep_stores(server.database, server.snapshots, house.org_id, drafts)


def test_a_definition_reads_no_place_again(database_url: str) -> None:
    """However many stores there are, the next event after a change of a definition waits for none of them."""

    async def life(house: House) -> None:
        await keep(house, "a", "b", "c", name="store")
        before = await current_snapshot(house.servers[1], house.org_id)
        await define_again(house)
        after = await current_snapshot(house.servers[1], house.org_id)
        assert before.organisation.version < after.organisation.version
        assert before.places is after.places

    run_on_servers(database_url, life)


def test_a_change_of_a_store_reads_that_store(database_url: str) -> None:
    """On any server; the others are taken over."""

    async def life(house: House) -> None:
        await keep(house, "a", "b", name="store")
        before = (await current_snapshot(house.servers[1], house.org_id)).places
        await keep(house, "b", "c", name="renamed")
        after = (await current_snapshot(house.servers[1], house.org_id)).places
        assert before.stores["a"] is after.stores["a"]
        assert {"a": "store", "b": "renamed", "c": "renamed"} == {
            code: store.name for code, store in after.stores.items()
        }

    run_on_servers(database_url, life)


def test_many_rules_are_compiled_beside_the_event_loop(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that other requests go on; a few are compiled at once."""
    threads: list[bool] = []

    def built(organisation: Organisation, groups: Collection[TargetGroup]) -> RuleIndex:
        threads.append(threading.current_thread() is threading.main_thread())
        return build_rule_index(organisation, groups)

    async def life(house: House) -> None:
        await current_snapshot(house.servers[1], house.org_id)
        monkeypatch.setattr(organisation_snapshot, "GROUPS_AT_ONCE", 0)
        await define_again(house)
        await current_snapshot(house.servers[1], house.org_id)

    monkeypatch.setattr(organisation_snapshot, "build_rule_index", built)
    run_on_servers(database_url, life)
    assert (True, False) == (threads[0], threads[-1])
