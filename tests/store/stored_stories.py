"""What the scenarios leave out of a database: boards, own goals, moving in, large numbers, and what is declared."""

from decimal import Decimal

from milepost.service.organisations.provisioning import add_key
from tests.api import test_customer_goals, test_merging, test_stored_events, test_vendor_import
from tests.api.client import ApiClient, Json, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, back, bill, event, group, line, target
from tests.api.route_world import World
from tests.store.fixed_clock import tick

LARGE = Decimal("999999999999999.9999")
"""The largest amount that is taken: more units than 63 bits hold."""

MORE = Decimal("844674407370955.1616")
"""With the largest amount all that 64 bits hold, and so a standing."""


def play_stories(client: ApiClient) -> None:
    """Play everything else that is stored, each story in an organisation of its own."""
    for story in (_goals, _newcomers, _numbers, _awards, _one_of_everything, _audiences, _names, _work):
        story(client)


def close_boards(client: ApiClient) -> None:
    """Close the boards of January and leave those of February running; one value fills 64 bits; two merge."""
    organisation = client.organisation()
    organisation.define(group(target(), leaderboardEnabled=True, periods=(JANUARY, FEBRUARY, MARCH)))
    names = ("anna", "bert", "carl", "dora", "emil")
    organisation.send_events(*(bill(10 * number, customer=name) for number, name in enumerate(names)))
    client.clock.set("2026-02-10T12:00:00Z")
    client.run(lambda: tick(client.runtime, page=200))
    told = [bill(amount, customer="anna", time="2026-02-05T10:00:00Z") for amount in (LARGE, MORE - 8)]
    organisation.send_events(*told, *(bill(7, customer=name, time="2026-02-06T10:00:00Z") for name in names))
    test_merging.merged(organisation, "emil", "dora")
    organisation.send_events(bill(1, customer="emil", time="2026-02-07T10:00:00Z"))


def _goals(client: ApiClient) -> None:
    """Set customers' own goals: one is changed and reached, one is cancelled."""
    stage = test_customer_goals.Stage(client.organisation())
    stage.change(stage.set(name="Treat"), goal="60.5")
    stage.cancel(stage.set(goal=500, startDate="2026-01-21"))
    stage.organisation.send_events(bill("50", time="2026-01-20T11:00:00Z"))


def _newcomers(client: ApiClient) -> None:
    """Import two customers of one organisation into another, where they have further events."""
    old = client.organisation()
    ids = test_vendor_import.lively(old)
    saved = test_vendor_import.told(old, *ids.values())
    new = client.organisation()
    test_vendor_import.moved(new, saved, {id_: name for name, id_ in ids.items()})
    new.send_events(bill("10", customer="bert"), bill("300", number="after"), back("after", "AMOUNT", amount=120))


def _numbers(client: ApiClient) -> None:
    """Count nothing, less than nothing, and all that 64 bits hold."""
    organisation = client.organisation("Asia/Kolkata")
    field = {"name": "balance", "aggregateFunction": "SUM"}
    organisation.post("/api/v1/extended-fields", [{"entity": "TRANSACTION", "name": "balance", "type": "NUMBER"}])
    organisation.define(group(target(defaultValues=[{"defaultValue": 999999999999999}])))
    organisation.define(group(target("TRANSACTION", "EXTENDED_FIELD", extendedFieldInfo=field)))
    lines = (line(net=LARGE, quantity=LARGE),)
    told = [bill(LARGE, lines=lines, customer="large", number="first"), bill(MORE, customer="large", number="second")]
    organisation.send_events(*told, back("second", "AMOUNT", amount=5) | {"customer": told[0]["customer"]})
    balances = ("-12.5", "3.25", "-900000000000000.0001", 0)
    more = [{"number": f"below {place}", "netAmount": 0, "extendedFields": {"balance": one}}
            for place, one in enumerate(balances)]  # fmt: skip
    organisation.send_events(*(event("TransactionAdd", customer="below", data=data) for data in more))


def _awards(client: ApiClient) -> None:
    """Count points and currencies by what they were given for, where no scenario does."""
    organisation = client.organisation()
    stars = {"alternateCurrencyIdentifier": "stars", "programId": 46}
    awarded = [target("POINTS", kind) for kind in ("REGULAR_POINTS", "PROMOTIONAL_POINTS")]
    organisation.define(group(*awarded, combinationType="ANY"))
    organisation.define(group(target("ALTERNATE_CURRENCIES", "PROMOTIONAL", extendedFieldInfo=stars)))
    for kind in ("REGULAR", "PROMOTIONAL"):
        organisation.send_events(event("PointsAwarded", data={"amount": "60.25", "kind": kind}))
        organisation.send_events(
            event("CurrencyAwarded", data={"amount": 100, "kind": kind, "currency": "stars", "programId": 46})
        )


def _one_of_everything(client: ApiClient) -> None:
    """Make one of everything, a child, communications, and a key with a token."""
    organisation = client.organisation()
    made = World(organisation, "walrus")
    client.organisation(parent=organisation.organisation.name)
    path = f"/v3/targetGroups/{made.ids['group']}/targets/{made.ids['target']}/communications/upsert"
    organisation.data("POST", path, [{"communicationType": "START", "channelId": 1, "messageTemplate": "Off you go"}])
    fields: list[Json] = [{"name": "km", "type": "double", "attributes": {}}]
    organisation.post("/v2/events", {"eventName": "walrusSwim", "actions": ["EMFConsumer"], "fields": fields})
    organisation.send("PUT", "/v2/events/disable?event_name=walrusRun")
    name = organisation.organisation.name
    added = client.run(lambda: add_key(client.runtime.database, name="key", organisation=name, now=client.clock()))
    client.send("POST", "/v3/oauth/token/generate", json={"key": added.key, "secret": added.secret})


def _audiences(client: ApiClient) -> None:
    """Renew an audience that a target names, and delete another one."""
    organisation = client.organisation("Europe/Berlin")
    organisation.send_events(bill("250"), bill("30", customer="bob"))
    gold, other = (json_of(organisation.post("/api/v1/audiences", {"name": name})) for name in ("Gold", "Other"))
    filters = [{"audienceGroupId": gold["id"]}]
    organisation.define(group(target(enrolmentMethod="AUDIENCE_FILTER", targetAudienceFilter=filters)))
    members = f"/api/v1/audiences/{gold['id']}/members"
    organisation.post(members, [{"externalId": "anna"}])
    organisation.post(f"/api/v1/audiences/{gold['id']}/versions", b"")
    organisation.post(members, [{"externalId": "bob"}])
    organisation.send("DELETE", f"/api/v1/audiences/{other['id']}")
    organisation.send_events(bill("5"), bill("5", customer="bob"))


def _names(client: ApiClient) -> None:
    """Rename a customer with a profile, and merge twice; then a bill comes back."""
    organisation = client.organisation()
    organisation.define(group(target(expression='currentCustomer.extField_city=="Bonn" || currentTxn.value>0')))
    named = [{"type": kind, "value": value} for kind, value in (("externalId", "anna"), ("mobile", "491700000001"))]
    profile = {"identifiers": named, "firstName": "Anna", "lastName": "Müller", "fields": {"city": "Bonn"}}
    organisation.post("/v2/customers", {"profiles": [profile]})
    organisation.send_events(
        bill("60", number="A1"), bill("50", number="B1", customer="bert"), bill("5", customer="carl")
    )
    anna = organisation.customer("anna")
    changes = {"remove": [named[1]], "add": [{"type": "email", "value": "anna@example.org"}]}
    test_merging.renamed(organisation, anna, **changes)
    test_merging.merged(organisation, "bert", "anna")
    test_merging.merged(organisation, "anna", "carl")
    organisation.send_events(back("B1"), back("A1", "AMOUNT", amount=10))


def _work(client: ApiClient) -> None:
    """Leave work half done: one job is finished, the other one has not begun."""
    organisation = client.organisation()
    organisation.send_events(bill("60"), bill("5", customer="bob"))
    test_stored_events.asked(organisation, organisation.define(group(target())))
    organisation.work()
    test_stored_events.asked(organisation, organisation.define(group(target("TRANSACTION", "VISIT"))))
    organisation.send_events(bill("7"))
