"""`/v2/events`: defining behavioural events, and what the webhook then takes (facts 2.10, 2.11, 4.6)."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from milepost.api.capillary.v2.event_definitions.answer import DefinedAnswer, EventMetaAnswer
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import group, target

DONE: Json = {"warnings": [], "errors": []}


def field(name: str, kind: str = "string", **attributes: Any) -> Json:
    """Return an attribute; keywords change it."""
    return {
        "name": name,
        "type": kind,
        "attributes": {one: {"value": value, "valueType": "BOOLEAN"} for one, value in attributes.items()},
    }


def definition(name: str = "Run", *fields: Json, **more: Any) -> Json:
    """Return a definition."""
    return {"eventName": name, "actions": ["EMFConsumer"], "fields": list(fields), **more}


def sent(organisation: OrganisationClient, method: str, path: str, body: Any = None) -> Any:
    """Send a request; return the data of the answer, or its errors."""
    content = None if body is None else msgspec.json.encode(body)
    answered = organisation.send(method, path, content=content)
    told = json_of(answered)
    if answered.status_code == 200:
        msgspec.json.decode(answered.content, type=DefinedAnswer)
        return told
    assert 400 == answered.status_code
    return [(error["code"], error["message"]) for error in told["errors"]]


def heard(organisation: OrganisationClient, **event: Any) -> Any:
    """Send an event to the webhook; return the code of acceptance, or the errors."""
    answered = organisation.client.send(
        "POST", f"/webhooks/{organisation.webhook_id}", json={"externalId": "anna"} | event
    )
    told = json_of(answered)
    if answered.status_code == 200:
        return told["status"]["code"]
    return [(error["code"], error["message"]) for error in told["errors"]]


def test_a_definition_is_shown_as_it_was_given(organisation: OrganisationClient) -> None:
    """With types in capitals, an id of its own, and when it was changed."""
    customer = field("who", "customer", addCustomerIfNotExists="true", identifierType="mobile")
    body = definition("Run", customer, field("km", "double", isRequired="false"), label="A run", description="On foot")
    assert DONE == sent(organisation, "POST", "/v2/events", body)
    answered = organisation.send("GET", "/v2/events/meta?event_name=Run")
    msgspec.json.decode(answered.content, type=EventMetaAnswer)
    meta = json_of(answered)["clickEventsMeta"]
    assert 32 == len(meta.pop("eventId"))
    assert {
        "eventName": "Run",
        "eventType": "USEREVENT",
        "actions": ["EMFConsumer"],
        "fields": [
            {"name": "who", "type": "CUSTOMER", "attributes": customer["attributes"]},
            {"name": "km", "type": "DOUBLE", "attributes": {"isRequired": {"value": "false", "valueType": "BOOLEAN"}}},
        ],
        "orgId": organisation.organisation.id,
        "status": "PUBLISHED",
        "testStatus": "VERIFIED",
        "label": "A run",
        "description": "On foot",
        "date": 1768910400000,
        "standardEvent": False,
    } == meta


def test_a_definition_is_changed_disabled_and_made_active_again(organisation: OrganisationClient) -> None:
    """An update replaces the definition."""
    sent(organisation, "POST", "/v2/events", definition("Run", field("km", "double"), label="A run"))
    assert DONE == sent(organisation, "PUT", "/v2/events", definition("Run", field("shoe")))
    meta = organisation.get("/v2/events/meta", event_name="Run")["clickEventsMeta"]
    assert (["shoe"], "A run") == ([one["name"] for one in meta["fields"]], meta["label"])
    assert DONE == sent(organisation, "PUT", "/v2/events/disable?event_name=Run")
    assert "DISABLED" == organisation.get("/v2/events/meta", event_name="Run")["clickEventsMeta"]["status"]
    assert DONE == sent(organisation, "PUT", "/v2/events", definition("Run"))
    assert "PUBLISHED" == organisation.get("/v2/events/meta", event_name="Run")["clickEventsMeta"]["status"]


def test_an_undefined_event_is_not_found(organisation: OrganisationClient) -> None:
    """Also where another organisation has defined it."""
    sent(organisation.client.organisation(), "POST", "/v2/events", definition("Run"))
    unknown = [(7300, 'no event is called "Run"')]
    assert unknown == sent(organisation, "GET", "/v2/events/meta?event_name=Run")
    assert unknown == sent(organisation, "PUT", "/v2/events", definition("Run"))
    assert unknown == sent(organisation, "PUT", "/v2/events/disable?event_name=Run")


def test_a_name_is_defined_once(organisation: OrganisationClient) -> None:
    """Changing is another call."""
    sent(organisation, "POST", "/v2/events", definition("Run"))
    assert [(7300, 'an event called "Run" is defined already')] == sent(
        organisation, "POST", "/v2/events", definition("Run")
    )


def test_ten_events_are_active(organisation: OrganisationClient) -> None:
    """An eleventh finds room only when another is disabled, and then that one finds none."""
    for number in range(10):
        assert DONE == sent(organisation, "POST", "/v2/events", definition(f"E{number}"))
    ((code, message),) = sent(organisation, "POST", "/v2/events", definition("E10"))
    assert (7300, True) == (code, message.startswith("an organisation may have 10 active events"))
    sent(organisation, "PUT", "/v2/events/disable?event_name=E0")
    assert DONE == sent(organisation, "POST", "/v2/events", definition("E10"))
    assert [7300] == [code for code, _ in sent(organisation, "PUT", "/v2/events", definition("E0"))]


@pytest.mark.parametrize(
    "body, expected",
    [
        ([], "the body must be a JSON object"),
        ({"actions": ["EMFConsumer"]}, "eventName: must have 1 to 100 letters, digits or underscores"),
        (definition("a run"), "eventName: must have 1 to 100 letters, digits or underscores"),
        (definition("n" * 101), "eventName: must have 1 to 100 letters, digits or underscores"),
        (definition(actions=[]), "actions: must be a list of EMFConsumer and EIConsumer"),
        (definition(actions=["X"]), "actions: must be a list of EMFConsumer and EIConsumer"),
        (definition(label=5), "label: must be text of at most 255 characters"),
        (definition(description="d" * 256), "description: must be text of at most 255 characters"),
        (definition("Run", *(field(f"f{n}") for n in range(21))), "fields: must be a list of at most 20 attributes"),
        (definition("Run", field("n" * 51)), "fields[0].name: must be text of 1 to 50 characters"),
        (definition("Run", field("a", "colour")), "fields[0].type: must be one of tillCode, couponCode, customer"),
        (definition("Run", field("a"), field("a")), 'fields[1].name: "a" is the name of two attributes'),
        (definition("Run", {"name": "a", "type": "string", "attributes": {"x": 1}}), "fields[0].attributes: must be"),
        (definition("Run", {"name": "\0", "type": "string"}), "a text holds the character U+0000"),
    ],
)
def test_a_bad_definition_is_refused(organisation: OrganisationClient, body: Any, expected: str) -> None:
    """Code 7300, with what is wrong where; as many attributes as may be are taken."""
    for method in ("POST", "PUT"):
        ((code, message),) = sent(organisation, method, "/v2/events", body)
        assert (7300, expected) == (code, message[: len(expected)])
    full = definition("Full", *(field(f"{n:050}") for n in range(20)), description="d" * 255)
    assert DONE == sent(organisation, "POST", "/v2/events", full)


def test_an_organisation_without_definitions_receives_every_event(organisation: OrganisationClient) -> None:
    """Whatever an event is called."""
    assert 1100 == heard(organisation, event_name="Run")
    assert 1100 == heard(organisation, event_name="Jump")


def test_an_organisation_with_definitions_receives_only_those_events(organisation: OrganisationClient) -> None:
    """7311 for a name that is not defined or disabled, for what is required and missing, and for a wrong type."""
    sent(
        organisation,
        "POST",
        "/v2/events",
        definition("Run", field("km", "double"), field("shoe"), field("note", isRequired=False)),
    )
    assert 1100 == heard(organisation, event_name="Run", km="5.5", shoe="red", else_="kept")
    assert [(7311, '"Jump" is not the name of an active event')] == heard(organisation, event_name="Jump")
    assert [(7311, "km must be a number"), (7311, "shoe is required")] == heard(
        organisation, event_name="Run", km="far", shoe=""
    )
    assert [(7311, "km is required"), (7311, "shoe is required")] == heard(organisation, event_name="Run")
    sent(organisation, "PUT", "/v2/events/disable?event_name=Run")
    assert [7311] == [code for code, _ in heard(organisation, event_name="Run", km=1, shoe="red")]


def test_a_field_names_the_customer(organisation: OrganisationClient) -> None:
    """Of the kind that the definition says."""
    organisation.define(group(target("EVENT", "COUNT", eventName="Run")))
    sent(organisation, "POST", "/v2/events", definition("Run", field("who", "customer", identifierType="externalId")))
    answered = organisation.client.send(
        "POST", f"/webhooks/{organisation.webhook_id}", json={"event_name": "Run", "who": "bob"}
    )
    assert 200 == answered.status_code
    assert [Decimal(1)] == [row["targetAchievedValue"] for row in organisation.rows(organisation.customer("bob"))]


def test_a_unique_key_finds_duplicates(organisation: OrganisationClient) -> None:
    """Events of one customer with the same key are one, whatever else they say; another customer's are others."""
    organisation.define(group(target("EVENT", "COUNT", eventName="Run")))
    sent(
        organisation,
        "POST",
        "/v2/events",
        definition("Run", field("race", isUniqueKeyField="true"), field("km", "double")),
    )
    for km in (1, 1, 2):
        assert 1100 == heard(organisation, event_name="Run", race="R1", km=km)
    assert 1100 == heard(organisation, event_name="Run", race="R2", km=1)
    assert 1100 == heard(organisation, event_name="Run", race="R1", km=1, externalId="bob")
    reached = {
        name: organisation.rows(organisation.customer(name))[0]["targetAchievedValue"] for name in ("anna", "bob")
    }
    assert {"anna": 2, "bob": 1} == reached
