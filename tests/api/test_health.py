"""What /readyz says of work that waits: the relay, deliveries, period boundaries, webhooks that were disabled."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from milepost.operation.metrics import Metrics
from milepost.service.delivery.relay import relay_once
from milepost.service.runtime.health import BEHIND_US, OUTCOMES_WAITING_MAX, RELAY_SECONDS, Health, HealthProblem
from tests.api.client import ApiClient, OrganisationClient, opened
from tests.api.client_forms import bill, group

DASHBOARD = Path(__file__).parents[2] / "docs" / "examples" / "operation" / "grafana-dashboard.json"


class Watch:
    """A health with seconds of its own, and the clock of the tests."""

    def __init__(self, front: ApiClient) -> None:
        """Look at the database of *front*."""
        self.front = front
        self.seconds = 0.0
        self.health = Health(lambda: self.seconds)
        self.health.clock = front.clock

    def kinds(self, *leaving: str) -> list[str]:
        """Return the kinds of all problems but *leaving* and the clock, which stands still in tests."""
        return [problem.kind for problem in self.problems() if problem.kind not in {"clock", *leaving}]

    def problems(self) -> list[HealthProblem]:
        """Return all problems."""
        return [*self.front.run(lambda: self.health.readiness(self.front.runtime.database)).problems]


@pytest.fixture
def watch(admin_url: str, template: str) -> Iterator[Watch]:
    """Return the health of a server of the test's own."""
    with opened(admin_url, template) as front:
        yield Watch(front)


@pytest.fixture
def brand(watch: Watch) -> OrganisationClient:
    """Return an organisation whose outcomes are wanted."""
    organisation = watch.front.organisation()
    organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"outcomeFeed": "ON"}})
    organisation.define(group())
    return organisation


def test_a_relay_that_stands_still_is_told(watch: Watch, brand: OrganisationClient) -> None:
    """After a minute with one outcome in front, and no more once it has worked."""
    assert [] == watch.kinds()
    brand.send_events(bill(200))
    assert [] == watch.kinds()
    watch.seconds += RELAY_SECONDS
    assert [] == watch.kinds()
    watch.seconds += 1
    (problem,) = [problem for problem in watch.problems() if problem.kind == "relay"]
    assert f"outcomes have waited {RELAY_SECONDS + 1} s to be relayed: does a worker run?" == problem.text
    while watch.front.run(lambda: relay_once(watch.front.runtime)):
        pass
    assert [] == watch.kinds()


def test_many_outcomes_that_wait_are_told(watch: Watch) -> None:
    """Ten thousand are no problem, and one more is."""
    insert = "insert into outbox select 0, 1, 1, n, '{}' from generate_series(1, %s) as n"
    watch.front.connection.execute(insert, [OUTCOMES_WAITING_MAX])
    assert [] == watch.kinds()
    watch.front.connection.execute("insert into outbox values (0, 1, 1, 0, '{}')")
    assert ["relay"] == watch.kinds()


def test_outcomes_that_are_set_aside_are_told(watch: Watch) -> None:
    """They wait for nobody, so somebody has to look."""
    watch.front.connection.execute("insert into outbox values (0, 1, 1, 0, '{}', now())")
    assert ["outcomes set aside"] == watch.kinds()


def test_deliveries_that_are_late_are_told(watch: Watch, brand: OrganisationClient) -> None:
    """Those of a webhook whose circuit is open are not: they wait on purpose."""
    brand.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9/hook", "types": ["target.achieved"]})
    brand.send_events(bill(200))
    while watch.front.run(lambda: relay_once(watch.front.runtime)):
        pass
    assert [] == watch.kinds("scheduler")
    watch.front.clock.advance(BEHIND_US + 60_000_000)
    assert ["deliveries"] == watch.kinds("scheduler")
    watch.front.connection.execute("update webhook set open_until = now() + interval '1 hour'")
    assert [] == watch.kinds("scheduler")


def test_a_disabled_webhook_is_told(watch: Watch, brand: OrganisationClient) -> None:
    """By its name, so that the next one is told of, too; one that was switched off by its owner is not."""
    for _ in range(3):
        brand.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9/hook"})
    connection = watch.front.connection
    connection.execute("update webhook set is_active = false where webhook_id = (select min(webhook_id) from webhook)")
    assert [] == watch.kinds()
    connection.execute(
        "update webhook set is_active = false, disabled_reason = 'every attempt of five days failed' "
        "where webhook_id > (select min(webhook_id) from webhook)"
    )
    kinds = watch.kinds()
    assert 2 == len(set(kinds))
    assert all(re.fullmatch(r"webhook \d+ of organisation \d+ disabled", kind) for kind in kinds)


def test_a_part_may_say_what_is_wrong(watch: Watch) -> None:
    """Such as a worker, or a check that runs beside the work."""
    words: list[str | None] = ["a link of the chain is broken"]
    watch.health.add("chain", lambda: words[-1])
    assert ["chain"] == watch.kinds()
    words.append(None)
    assert [] == watch.kinds()


def test_what_the_dashboard_shows_is_measured(front: ApiClient) -> None:
    """Each metric of the Grafana dashboard is one of ours."""
    metrics = Metrics()
    front.run(lambda: metrics.sample(front.runtime))
    known = set(re.findall(r"^# TYPE (\w+) ", metrics.text().decode(), re.MULTILINE))
    shown = set(re.findall(r"milepost_\w+", DASHBOARD.read_text(encoding="utf-8")))
    assert set() == {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} - known
    assert len(shown) > 15
