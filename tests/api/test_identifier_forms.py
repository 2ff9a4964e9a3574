"""Identifiers that look alike are one (facts 8 #70; case 23 A)."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from milepost.model.customer import Identifier, IdentifierKind
from milepost.rules.identifier_forms import form_of
from milepost.service.customers.identifier_forms import SharedForm, shared_forms
from milepost.service.scheduled.jobs import find_job
from milepost.store import customers
from milepost.store.database import Transaction
from tests.api import test_merging
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

WHOLE, SPLIT = "ren\u00e9-17", "rene\u0301-17"
"""One text with its accent in one piece and in two."""

MOBILES = ("0171 2345678", "+49 171 2345678", "00491712345678", "0171-2345678", "491712345678", " +491712345678 ")
"""One mobile number of Germany as people write it."""


def spend(organisation: OrganisationClient, name: str, value: str) -> list[Decimal]:
    """Return what the customer with an identifier has spent."""
    (found,) = organisation.get("/api/v1/customers", **{name: value})["items"]
    return [row["targetAchievedValue"] for row in organisation.rows(found["id"])][:1]


def registered(organisation: OrganisationClient, *identifiers: tuple[str, str]) -> int:
    """Register a customer by the vendor's call; return the id."""
    listed = [{"type": kind, "value": value} for kind, value in identifiers]
    answered = organisation.post("/v2/customers", {"profiles": [{"identifiers": listed}]})
    assert 200 == answered.status_code, answered.text
    return int(json_of(answered)["createdId"])


def stored_values(organisation: OrganisationClient) -> list[str]:
    """Return the stored identifiers of the organisation."""
    query = "select value from identity where org_id = %s order by value"
    return [value for (value,) in organisation.client.connection.execute(query, [organisation.organisation.id])]


def store_as_it_is(organisation: OrganisationClient, kind: IdentifierKind, value: str, customer_id: int) -> None:
    """Store an identifier as it was stored before identifiers had one form, in the table and the profile."""
    org_id = organisation.organisation.id

    async def work(transaction: Transaction) -> None:
        from dataclasses import replace

        from milepost.store.log import key_of_customer

        name, key = Identifier(kind, value), key_of_customer(org_id, customer_id)
        await customers.reserve_identifiers(transaction, [(org_id, name)], [customer_id])
        profile = (await customers.profiles(transaction, [key]))[key]
        await customers.save_profile(transaction, org_id, replace(profile, identifiers=(*profile.identifiers, name)))

    organisation.client.run(lambda: organisation.client.runtime.database.attempt(work))


def shared(organisation: OrganisationClient) -> list[SharedForm]:
    """Return the customers who would become one."""
    database, org_id = organisation.client.runtime.database, organisation.organisation.id

    async def listed() -> list[SharedForm]:
        return [pair async for pair in shared_forms(database, org_id)]

    return organisation.client.run(listed)


def test_an_accent_in_one_piece_or_in_two_is_one_customer(organisation: OrganisationClient) -> None:
    """Case 23 A: in one request, found by either spelling; outer blanks mean nothing either."""
    organisation.define(group())
    items = organisation.send_events(bill(5, customer=WHOLE), bill(6, customer=SPLIT), bill(7, customer=f" {WHOLE}\t"))
    assert ["applied"] * 3 == [item["status"] for item in items]
    assert [[Decimal(18)]] * 3 == [spend(organisation, "externalId", name) for name in (WHOLE, SPLIT, f" {SPLIT} ")]
    assert [WHOLE] == stored_values(organisation)


def test_every_door_knows_both_spellings(organisation: OrganisationClient) -> None:
    """The vendor's calls, the webhook, audiences, the search, registrations, changes and merges."""
    organisation.define(group(target(enrolmentMethod="IMPORT")))
    id_ = registered(organisation, ("externalId", SPLIT))
    assert id_ == registered(organisation, ("externalId", WHOLE))
    for name in (WHOLE, SPLIT):
        query: Json = {"identifierName": "externalId", "identifierValue": name}
        body = {"type": "REGULAR", "billNumber": name, "billAmount": 5}
        assert 200 == organisation.post("/v2/transactions", body, **query).status_code
        bulk = body | {"identifierType": "externalId", "identifierValue": name, "billNumber": f"{name}/2"}
        assert 0 == json_of(organisation.post("/v2/transactions/bulk", [bulk]))["failureCount"]
        assert id_ == organisation.get("/v2/customers/lookup", **query)["entity"]
        heard = {"event_name": "CustomerUpdate", "externalId": name}
        sent = organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", json=heard)
        assert 200 == sent.status_code
        found = organisation.get("/v2/events/search", userIdentifierType="externalId", userIdentifierValue=name)
        assert found
    assert {"customer": 1, "identity": 1} == {
        table: number for table, number in organisation.stored().items() if table in {"customer", "identity"}
    }


def test_identifiers_are_added_removed_and_merged_in_their_form(organisation: OrganisationClient) -> None:
    """What is added in two pieces is removed in one; a merge finds both customers by either spelling."""
    organisation.define(group())
    id_ = registered(organisation, ("externalId", "anna"))
    path = f"/v2/customers/{id_}/changeIdentifier"
    added = {"add": [{"type": "cardnumber", "value": SPLIT}]}
    assert 200 == organisation.post(path, added).status_code
    assert [WHOLE, "anna"] == sorted(stored_values(organisation), reverse=True)
    removed = {"remove": [{"type": "cardnumber", "value": f"{WHOLE} "}]}
    assert 200 == organisation.post(path, removed).status_code
    assert ["anna"] == stored_values(organisation)
    organisation.send_events(bill(5, customer=WHOLE), bill(6, customer="bert"))
    test_merging.merged(organisation, SPLIT, "bert")
    assert [Decimal(11)] == spend(organisation, "externalId", WHOLE)


@pytest.mark.parametrize("number", MOBILES)
def test_a_mobile_number_has_one_form(organisation: OrganisationClient, number: str) -> None:
    """With phoneRegion, whatever way it is written; without it, as it is given but for outer blanks."""
    organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"phoneRegion": "de"}})
    registered(organisation, ("mobile", "0171 2345678"))
    (item,) = organisation.send_events(bill(5, customer={"mobile": number}))
    assert "applied" == item["status"]
    assert ["+491712345678"] == stored_values(organisation)


@pytest.mark.parametrize("number", ["anna", "110", "+1 650 253 0000", "5"])
def test_what_is_no_number_of_the_region_stays(number: str) -> None:
    """A name or an emergency number; a number of another country keeps its own country code."""
    form = form_of(Identifier(IdentifierKind.MOBILE, number), "DE").value
    assert {"+1 650 253 0000": "+16502530000"}.get(number, number) == form
    assert number == form_of(Identifier(IdentifierKind.MOBILE, number), None).value


def test_setting_the_region_later_rewrites_stored_numbers(organisation: OrganisationClient) -> None:
    """A job does it; customers who would become one stay two, are found as before, and are listed."""
    organisation.define(group())
    ids = [registered(organisation, ("mobile", number)) for number in ("0171 2345678", "01719999999", "+491719999999")]
    organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"phoneRegion": "DE"}})
    for number, id_ in zip(("0171 2345678", "01719999999", "+491719999999"), ids, strict=True):
        (item,) = organisation.send_events(bill(5, customer={"mobile": number}))
        assert id_ == item["customerId"]
    assert organisation.work()
    assert ["+491712345678", "+491719999999", "01719999999"] == stored_values(organisation)
    (item, other) = organisation.send_events(
        bill(5, customer={"mobile": "+49 171 2345678"}), bill(5, customer={"mobile": "01719999999"})
    )
    assert ids[:2] == [item["customerId"], other["customerId"]]
    details = organisation.get("/v2/customers/lookup/customerDetails", identifierName="id", identifierValue=ids[0])
    assert ["+491712345678"] == [one["value"] for one in details["profiles"][0]["identifiers"]]
    (pair,) = shared(organisation)
    assert (ids[1], "01719999999", ids[2], "+491719999999") == (
        pair.customer_id,
        pair.identifier.value,
        pair.holder_id,
        pair.form.value,
    )


def test_the_job_says_how_many_it_changed(organisation: OrganisationClient) -> None:
    """Each change of the region asks for a job of its own; the same region again asks for none."""
    for number in ("0171 2345678", "0172 2345678"):
        registered(organisation, ("mobile", number))
    for region in ("DE", "DE", "FR"):
        organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"phoneRegion": region}})
        organisation.work()
    query = "select job_id from job where org_id = %s order by job_id"
    ids = [id_ for (id_,) in organisation.client.connection.execute(query, [organisation.organisation.id])]
    runtime, org_id = organisation.client.runtime, organisation.organisation.id
    concerned = []
    for id_ in ids:
        job = organisation.client.run(partial(find_job, runtime, org_id, id_))
        concerned.append(None if job is None else job.concerned)
    assert [2, 0] == concerned


def test_identifiers_of_an_older_database_are_still_found(organisation: OrganisationClient) -> None:
    """As they are stored, before and after the job that the migration asks for; then by either spelling."""
    organisation.define(group())
    (item,) = organisation.send_events(bill(5, customer="rene"))
    store_as_it_is(organisation, IdentifierKind.EXTERNAL_ID, SPLIT, item["customerId"])
    (before,) = organisation.send_events(bill(6, customer=SPLIT))
    assert item["customerId"] == before["customerId"]
    migration = _migration().replace("from identity", f"from identity where org_id = {organisation.organisation.id}")
    organisation.client.connection.execute(migration.replace("\n    where", "\n    and").encode())
    assert organisation.work()
    items = organisation.send_events(bill(7, customer=SPLIT), bill(8, customer=WHOLE))
    assert [item["customerId"]] * 2 == [one["customerId"] for one in items]
    assert ["rene", WHOLE] == stored_values(organisation)
    assert [] == shared(organisation)


def _migration() -> Any:
    from milepost.store.sql.schema import migrations

    return dict(migrations())["0013_identifier_forms.sql"].split("\n", 1)[1]
