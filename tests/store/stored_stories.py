"""What the scenarios leave out of a database: boards, own goals, moving in, large numbers, and what is declared."""

from decimal import Decimal

from milepost.service.housekeeping import add_key
from tests.api import test_counting_stored, test_merging, test_moving_in, test_own_goals
from tests.api.cells import World
from tests.api.door import Door, Json, said
from tests.api.forms import FEBRUARY, JANUARY, MARCH, back, bill, event, group, line, target
from tests.store.clockwork import tick

LARGE = Decimal("999999999999999.9999")
"""The largest amount that is taken: more units than 63 bits hold."""

MORE = Decimal("844674407370955.1616")
"""With the largest amount all that 64 bits hold, and so a standing."""


def tell_stories(door: Door) -> None:
    """Play all else that is stored, each story in a brand of its own."""
    for story in (_goals, _newcomers, _numbers, _awards, _one_of_everything, _audiences, _names, _work):
        story(door)


def close_boards(door: Door) -> None:
    """Close the boards of January and leave those of February running; one value fills 64 bits; two merge."""
    brand = door.brand()
    brand.define(group(target(), leaderboardEnabled=True, periods=(JANUARY, FEBRUARY, MARCH)))
    names = ("anna", "bert", "carl", "dora", "emil")
    brand.tell(*(bill(10 * number, customer=name) for number, name in enumerate(names)))
    door.clock.set("2026-02-10T12:00:00Z")
    door.run(lambda: tick(door.here, page=200))
    told = [bill(amount, customer="anna", time="2026-02-05T10:00:00Z") for amount in (LARGE, MORE - 8)]
    brand.tell(*told, *(bill(7, customer=name, time="2026-02-06T10:00:00Z") for name in names))
    test_merging.merged(brand, "emil", "dora")
    brand.tell(bill(1, customer="emil", time="2026-02-07T10:00:00Z"))


def _goals(door: Door) -> None:
    """Set goals of one's own: one is changed and reached, one is cancelled."""
    stage = test_own_goals.Stage(door.brand())
    stage.change(stage.set(name="Treat"), goal="60.5")
    stage.cancel(stage.set(goal=500, startDate="2026-01-21"))
    stage.brand.tell(bill("50", time="2026-01-20T11:00:00Z"))


def _newcomers(door: Door) -> None:
    """Move two customers from one brand into another, where they live on."""
    old = door.brand()
    ids = test_moving_in.lively(old)
    saved = test_moving_in.told(old, *ids.values())
    new = door.brand()
    test_moving_in.moved(new, saved, {id_: name for name, id_ in ids.items()})
    new.tell(bill("10", customer="bert"), bill("300", number="after"), back("after", "AMOUNT", amount=120))


def _numbers(door: Door) -> None:
    """Count nothing, less than nothing, and all that 64 bits hold."""
    brand = door.brand("Asia/Kolkata")
    field = {"name": "balance", "aggregateFunction": "SUM"}
    brand.post("/api/v1/extended-fields", [{"entity": "TRANSACTION", "name": "balance", "type": "NUMBER"}])
    brand.define(group(target(defaultValues=[{"defaultValue": 999999999999999}])))
    brand.define(group(target("TRANSACTION", "EXTENDED_FIELD", extendedFieldInfo=field)))
    lines = (line(net=LARGE, quantity=LARGE),)
    told = [bill(LARGE, lines=lines, customer="large", number="first"), bill(MORE, customer="large", number="second")]
    brand.tell(*told, back("second", "AMOUNT", amount=5) | {"customer": told[0]["customer"]})
    balances = ("-12.5", "3.25", "-900000000000000.0001", 0)
    more = [{"number": f"below {place}", "netAmount": 0, "extendedFields": {"balance": one}}
            for place, one in enumerate(balances)]  # fmt: skip
    brand.tell(*(event("TransactionAdd", customer="below", data=data) for data in more))


def _awards(door: Door) -> None:
    """Count points and currencies by what they were given for, where no scenario does."""
    brand = door.brand()
    stars = {"alternateCurrencyIdentifier": "stars", "programId": 46}
    awarded = [target("POINTS", kind) for kind in ("REGULAR_POINTS", "PROMOTIONAL_POINTS")]
    brand.define(group(*awarded, combinationType="ANY"))
    brand.define(group(target("ALTERNATE_CURRENCIES", "PROMOTIONAL", extendedFieldInfo=stars)))
    for kind in ("REGULAR", "PROMOTIONAL"):
        brand.tell(event("PointsAwarded", data={"amount": "60.25", "kind": kind}))
        brand.tell(event("CurrencyAwarded", data={"amount": 100, "kind": kind, "currency": "stars", "programId": 46}))


def _one_of_everything(door: Door) -> None:
    """Make one of everything, a child, what customers are told, and a key with a token."""
    brand = door.brand()
    made = World(brand, "walrus")
    door.brand(parent=brand.organisation.name)
    path = f"/v3/targetGroups/{made.ids['group']}/targets/{made.ids['target']}/communications/upsert"
    brand.data("POST", path, [{"communicationType": "START", "channelId": 1, "messageTemplate": "Off you go"}])
    fields: list[Json] = [{"name": "km", "type": "double", "attributes": {}}]
    brand.post("/v2/events", {"eventName": "walrusSwim", "actions": ["EMFConsumer"], "fields": fields})
    brand.send("PUT", "/v2/events/disable?event_name=walrusRun")
    name = brand.organisation.name
    added = door.run(lambda: add_key(door.here.database, name="key", organisation=name, now=door.clock()))
    door.send("POST", "/v3/oauth/token/generate", json={"key": added.key, "secret": added.secret})


def _audiences(door: Door) -> None:
    """Renew an audience that a target names, and delete another one."""
    brand = door.brand("Europe/Berlin")
    brand.tell(bill("250"), bill("30", customer="bob"))
    gold, other = (said(brand.post("/api/v1/audiences", {"name": name})) for name in ("Gold", "Other"))
    filters = [{"audienceGroupId": gold["id"]}]
    brand.define(group(target(enrolmentMethod="AUDIENCE_FILTER", targetAudienceFilter=filters)))
    members = f"/api/v1/audiences/{gold['id']}/members"
    brand.post(members, [{"externalId": "anna"}])
    brand.post(f"/api/v1/audiences/{gold['id']}/versions", b"")
    brand.post(members, [{"externalId": "bob"}])
    brand.send("DELETE", f"/api/v1/audiences/{other['id']}")
    brand.tell(bill("5"), bill("5", customer="bob"))


def _names(door: Door) -> None:
    """Rename a customer with a profile, and merge twice; then a bill comes back."""
    brand = door.brand()
    brand.define(group(target(expression='currentCustomer.extField_city=="Bonn" || currentTxn.value>0')))
    named = [{"type": kind, "value": value} for kind, value in (("externalId", "anna"), ("mobile", "491700000001"))]
    profile = {"identifiers": named, "firstName": "Anna", "lastName": "Müller", "fields": {"city": "Bonn"}}
    brand.post("/v2/customers", {"profiles": [profile]})
    brand.tell(bill("60", number="A1"), bill("50", number="B1", customer="bert"), bill("5", customer="carl"))
    anna = brand.customer("anna")
    changes = {"remove": [named[1]], "add": [{"type": "email", "value": "anna@example.org"}]}
    test_merging.renamed(brand, anna, **changes)
    test_merging.merged(brand, "bert", "anna")
    test_merging.merged(brand, "anna", "carl")
    brand.tell(back("B1"), back("A1", "AMOUNT", amount=10))


def _work(door: Door) -> None:
    """Leave work half done: one job is finished, the other one has not begun."""
    brand = door.brand()
    brand.tell(bill("60"), bill("5", customer="bob"))
    test_counting_stored.asked(brand, brand.define(group(target())))
    brand.work()
    test_counting_stored.asked(brand, brand.define(group(target("TRANSACTION", "VISIT"))))
    brand.tell(bill("7"))
