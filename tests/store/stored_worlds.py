"""Random worlds of the laws, played on a server: each is an organisation whose only customer is called Nobody."""

from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, seed, settings

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import NOWHERE, Event
from milepost.model.organisation import Organisation
from milepost.model.target import TargetGroup
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from milepost.service.snapshot.organisation_snapshot import PlaceName
from milepost.store import definitions, organisations
from tests.api.client import ApiClient, Json, OrganisationClient
from tests.laws.law_settings import EVERY
from tests.laws.random_worlds import World

PLACES: dict[str, list[Json]] = {
    "zones": [{"id": 1, "code": "Z1"}, {"id": 2, "code": "Z2"}],
    "concepts": [{"id": 1, "code": "C1"}, {"id": 2, "code": "C2"}],
    "stores": [
        {"id": 1, "code": "S1", "name": "Main street", "zone": "Z1", "concept": "C1"},
        {"id": 2, "code": "S2", "name": "Harbour", "zone": "Z2", "concept": "C1"},
        {"id": 3, "code": "S3", "name": "Airport", "concept": "C2"},
    ],
}
"""The places that worlds speak of (tests/laws/random_events.py)."""


ONE_OF = 10
"""Of so many worlds that were drawn one after the other, and are much alike, one is taken."""


def drawn_worlds(number: int) -> list[World]:
    """Return so many worlds in which much happens, the same ones at each run of the same code."""
    found: list[World] = []

    @seed(14)
    @settings(
        max_examples=number * ONE_OF,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(EVERY)
    def collect(world: World) -> None:
        found.append(world)

    collect()
    runs = [found[place : place + ONE_OF] for place in range(0, number * ONE_OF, ONE_OF)]
    return [max(run, key=lambda world: len(world.events)) for run in runs]


def play_world(client: ApiClient, world: World) -> int:
    """Play *world* in an organisation of its own; return how many of its events were applied."""
    organisation = client.organisation(world.organisation.zone)
    for kind, places in PLACES.items():
        assert 200 == organisation.post(f"/api/v1/{kind}", places).status_code
    _define(organisation, world.organisation, [group for group in world.groups if group.id not in world.late])
    applied = 0
    for place, event in enumerate(world.events):
        if place == world.heard:
            _define(organisation, world.organisation, [group for group in world.groups if group.id in world.late])
        client.clock.now = event.received_at
        (answer,) = client.run(lambda event=event: client.runtime.lanes.receive([_incoming_event(organisation, event)]))  # type: ignore[misc]
        applied += answer.status is Status.APPLIED
    organisation.get("/api/v1/customers", externalId="Nobody")
    return applied


def _define(organisation: OrganisationClient, drawn: Organisation, groups: list[TargetGroup]) -> None:
    """Write definitions and settings as they are: nobody could post all of them."""
    database, org_id = organisation.client.runtime.database, organisation.organisation.id

    async def define() -> None:
        async with database.transaction() as transaction:
            version = await organisations.raise_version(transaction, org_id)
            for group in groups:
                await definitions.add(transaction, org_id, group, version)
            owner = replace(drawn, id=org_id, version=version)
            await organisations.save_settings(transaction, owner, organisation.client.clock.now, None)

    organisation.client.run(define)


def _incoming_event(organisation: OrganisationClient, event: Event) -> IncomingEvent:
    place = None if event.place == NOWHERE else PlaceName("store", code=event.place.store_code)
    return IncomingEvent(
        org_id=organisation.organisation.id,
        customer=Identifier(IdentifierKind.EXTERNAL_ID, "Nobody"),
        key=event.key,
        name=event.name,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        place=place,
        till_id=None,
        payload=event.payload,
    )
