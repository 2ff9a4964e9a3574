"""The zone of an organisation: free until the first event, changed with a replay afterwards (facts 8 #98)."""

from collections.abc import Iterator

import pytest

from milepost.model.problem import Refused
from milepost.service.organisations.zone_change import ReplayedCustomer, replay_customers, set_zone
from milepost.service.scheduled.verify import verify
from tests.api.client import ApiClient, Json, OrganisationClient, opened
from tests.api.client_forms import back, bill, group, target
from tests.api.test_merging import merged


@pytest.fixture(scope="module")
def alone(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client with a database of its own, all of which is verified."""
    with opened(admin_url, template) as client:
        yield client


def moved(organisation: OrganisationClient, zone: str, *, replaying: bool) -> list[ReplayedCustomer]:
    """Change the zone; return what was replayed."""
    client, name = organisation.client, organisation.organisation.name

    async def change() -> list[ReplayedCustomer]:
        changed = await set_zone(client.runtime.database, name, zone, replaying=replaying)
        return [one async for one in replay_customers(client.runtime.database, changed.id)] if replaying else []

    return client.run(change)


def differing(client: ApiClient) -> list[int]:
    """Return the customers whose stored progress is not what a replay gives."""

    async def verified() -> list[int]:
        found = [one async for one in verify(client.runtime.database)]
        return [one.customer_key.customer_id for one in found if not one.agrees]

    return client.run(verified)


def values(organisation: OrganisationClient, name: str = "anna") -> list[list[object]]:
    """Return the values of a customer's periods, target by target."""
    answered: Json = organisation.get(f"/api/v1/customers/{organisation.customer(name)}/progress")
    return [[row["value"] for row in one["periods"]] for shown in answered["groups"] for one in shown["targets"]]


LATE_IN_JANUARY = "2026-01-31T23:30:00Z"
"""In Berlin it is February."""


def test_the_zone_is_free_until_the_first_event(organisation: OrganisationClient) -> None:
    """Periods that were defined keep their dates, so their instants move."""
    organisation.client.clock.set("2026-02-03T12:00:00Z")
    organisation.define(group(target()))
    assert [] == moved(organisation, "Europe/Berlin", replaying=False)
    organisation.send_events(bill("30", time=LATE_IN_JANUARY), bill("5", time="2026-01-31T22:30:00Z"))
    assert [[5, 30]] == values(organisation)


def test_afterwards_it_is_refused_without_a_replay(organisation: OrganisationClient) -> None:
    """The answer says what to do; an unknown zone is refused too."""
    organisation.send_events(bill("30"))
    with pytest.raises(Refused, match="has events already; with --replay"):
        moved(organisation, "Europe/Berlin", replaying=False)
    with pytest.raises(Refused, match="is not a time zone"):
        moved(organisation, "Nowhere", replaying=True)


def test_a_replay_computes_the_progress_of_each_customer_again(alone: ApiClient) -> None:
    """Days and periods are those of the new zone; to repeat it changes nothing; the log explains every value."""
    organisation = alone.organisation()
    alone.clock.set("2026-02-03T12:00:00Z")
    visits = target("TRANSACTION", "VISIT", defaultValues=[{"defaultValue": 2}])
    organisation.define(group(target(defaultValues=[{"defaultValue": 40}]), leaderboardEnabled=True))
    organisation.define(group(visits))
    organisation.send_events(
        bill("30", time=LATE_IN_JANUARY),
        bill("15", "B2", time="2026-01-31T12:00:00Z"),
        bill("20", time="2026-01-30T12:00:00Z", customer="berta"),
        bill("20", time="2026-01-30T23:30:00Z", customer="berta"),
    )
    assert ([[45, 0], [1, 0]], [[40, 0], [1, 0]]) == (values(organisation), values(organisation, "berta"))

    replayed = moved(organisation, "Europe/Berlin", replaying=True)
    assert ([[15, 30], [1, 1]], [[40, 0], [2, 0]]) == (values(organisation), values(organisation, "berta"))
    changed = [row for one in replayed for row in one.changed]
    before = [(row.before.is_achieved if row.before else False) for row in changed]
    after = [(row.after.is_achieved if row.after else False) for row in changed]
    assert (4, [True, False, False, False], [False, False, False, True]) == (len(changed), before, after)
    assert [] == differing(alone)
    assert [] == [row for one in moved(organisation, "Europe/Berlin", replaying=True) for row in one.changed]

    organisation.send_events(back("B2", time="2026-01-31T13:00:00Z"))
    assert [[0, 30], [0, 1]] == values(organisation)
    assert [] == differing(alone)


def test_a_replay_unites_merged_customers_again(alone: ApiClient) -> None:
    """What the survivor took over is computed in the new zone too, and returns find the victim's bills."""
    organisation = alone.organisation()
    alone.clock.set("2026-02-03T12:00:00Z")
    organisation.define(group(target()))
    organisation.send_events(bill("30"), bill("7", "V1", time=LATE_IN_JANUARY, customer="berta"))
    merged(organisation, "berta", "anna")
    assert [[37, 0]] == values(organisation)
    moved(organisation, "Europe/Berlin", replaying=True)
    assert [[30, 7]] == values(organisation)
    organisation.send_events(back("V1", time="2026-02-01T13:00:00Z"))
    assert [[30, 0]] == values(organisation)
    assert [] == differing(alone)
