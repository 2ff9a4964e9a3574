"""The OpenAPI document: nothing of the APIs is missing, and what it says of answers is what is answered."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from milepost.api.capillary.definitions.communications.answer import ChannelAnswer, CommunicationAnswer
from milepost.api.capillary.definitions.periods.answer import ChangedPeriodAnswer, PeriodAnswer
from milepost.api.capillary.definitions.target_groups.answer import CreatedGroupAnswer, TargetGroupAnswer
from milepost.api.capillary.definitions.targets.answer import TargetAnswer, UnifiedTargetsAnswer
from milepost.api.capillary.envelope import Envelope, Failure, PagedEnvelope
from milepost.api.capillary.users.target_groups.answer import UserAnswer
from milepost.api.capillary.v2.customers.answer import RegistrationAnswer
from milepost.api.capillary.v2.transactions.answer import TransactionAnswer
from milepost.api.capillary.webhooks.answer import WebhookAnswer
from milepost.api.http.app import routed_app
from milepost.api.http.descriptions import undescribed
from milepost.api.http.openapi import SECURITY
from milepost.api.http.routes import ROUTES
from milepost.api.native.answer import Items, Page, Problems
from milepost.api.native.customers.answer import CustomerItem
from milepost.api.native.events.answer import Answers
from milepost.api.native.places.answer import NamedItem, StoreItem, TillItem
from milepost.cli import app
from milepost.cli.openapi import document
from tests.api.client import Json, OrganisationClient
from tests.api.client_forms import MARCH, bill, group, target

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="module")
def told() -> Json:
    """Return the document of today."""
    return routed_app().openapi()


def parts(value: Any) -> list[Any]:
    """Return every object within *value*."""
    if isinstance(value, dict):
        return [value, *(part for inner in value.values() for part in parts(inner))]
    return [part for inner in value for part in parts(inner)] if isinstance(value, list) else []


def test_the_committed_document_is_that_of_today() -> None:
    """After a change of a route or a shape: `milepost openapi --output openapi.json`."""
    assert (ROOT / "openapi.json").read_text(encoding="utf-8") == document()


def test_every_route_is_documented(told: Json) -> None:
    """The table names each route, and no other."""
    assert set(ROUTES) == {(method, path) for path, of in told["paths"].items() for method in of}


def test_every_reference_leads_somewhere(told: Json) -> None:
    """Schemas that are named are there, and each one that is there is named."""
    names = {part["$ref"].removeprefix("#/components/schemas/") for part in parts(told) if "$ref" in part}
    assert names == set(told["components"]["schemas"])


SIGNING_IN = {"post_session", "post_password"}


def test_every_operation_is_complete(told: Json) -> None:
    """A name of its own, words, a body where one is read, and schemas that say something."""
    operations = [operation for path in told["paths"].values() for operation in path.values()]
    assert len(operations) == len({operation["operationId"] for operation in operations})
    assert [] == [one["operationId"] for one in operations if not one.get("description") or not one.get("tags")]
    posted = [of["post"] for of in told["paths"].values() if "post" in of]
    assert [] == [one["operationId"] for one in posted if "requestBody" not in one]
    contents = [part["content"] for part in parts(told["paths"]) if "content" in part]
    assert [] == [content for content in contents for kind in content.values() if not kind["schema"]]
    assert "422" not in {status for one in operations for status in one["responses"]}


def test_a_threshold_may_be_missing(told: Json) -> None:
    """Of a unified group whose members count alone, both APIs show null."""
    schemas = told["components"]["schemas"]
    shown = [
        schemas["CombinationAnswer"]["properties"]["thresholdValue"],
        schemas["CompositeItem"]["properties"]["threshold"],
    ]
    assert [["number", "null"]] * 2 == [one["type"] for one in shown]


def test_a_transaction_is_refused_in_two_ways(told: Json) -> None:
    """With its own answer for what is wrong with it, and as everywhere for headers that name no place."""
    refused = told["paths"]["/v2/transactions"]["post"]["responses"]["400"]["content"]["application/json"]["schema"]
    shapes = ["TransactionAnswer", "Failure"]
    assert {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in shapes]} == refused


def test_a_server_that_is_not_ready_is_documented(told: Json) -> None:
    """By the status that balancers look at."""
    assert {"200", "503"} == set(told["paths"]["/readyz"]["get"]["responses"])


def test_every_route_but_the_open_ones_needs_a_login(told: Json) -> None:
    """Health, tokens, incoming webhooks and the inspector; their addresses are all they ask for."""
    operations = [operation for path in told["paths"].values() for operation in path.values()]
    is_open = {one["operationId"] for one in operations if "security" not in one}
    assert {"healthz", "readyz", "metrics", "generate_token", "post_event", "post_message", *SIGNING_IN} == is_open
    assert {tuple(SECURITY)} == {
        tuple(name for way in one["security"] for name in way) for one in operations if "security" in one
    }


def answered(organisation: OrganisationClient, method: str, path: str, body: Any = None) -> bytes:
    """Return the answer, whatever it is."""
    content = None if body is None else msgspec.json.encode(body)
    return organisation.send(method, path, content=content).content


def shown_as(kind: Any, text: bytes) -> None:
    """Read an answer by its shape, which knows every key; raises if it does not fit."""
    msgspec.json.decode(text, type=kind)


def test_the_published_view_has_the_documented_shape() -> None:
    """The newest sample of S4 is read by the shape, key for key."""
    shown_as(Envelope[UserAnswer], (SAMPLES / "s4_running_period.json").read_bytes())


def test_answers_of_the_vendors_api_have_the_documented_shape(organisation: OrganisationClient) -> None:
    """Definitions, views, enrolment, registration, bills, webhooks and refusals."""
    marks = [{"triggerName": "half", "triggerValueType": "PERCENTAGE", "triggerValue": 50}]
    zones = [{"entityType": "ZONE", "entityIds": [5]}]
    stars = {"programId": 46, "alternateCurrencyIdentifier": "stars"}
    wanted = [
        group(target(targetMilestoneTriggers=marks, filters=zones, description="d"), description="x", frequency=1),
        group(target("ALTERNATE_CURRENCIES", "ALL", extendedFieldInfo=stars, enrolmentMethod="IMPORT")),
        group(trackingType="STREAKS", streaks=[{"name": "Gold", "targetCountOfSequence": 1}]),
        group(target(), target(), combinationType="ANY", unifiedTargetExpression={"minTargetsToAchieve": 1}),
    ]
    for body in wanted:
        shown_as(Envelope[CreatedGroupAnswer], answered(organisation, "POST", "/v3/targetGroups", body))
    anna = {"profiles": [{"identifiers": [{"type": "externalId", "value": "anna"}]}]}
    shown_as(RegistrationAnswer, answered(organisation, "POST", "/v2/customers", anna))
    shown_as(RegistrationAnswer, answered(organisation, "POST", "/v2/customers", anna))
    bought = "/v2/transactions?identifierName=externalId&identifierValue=anna"
    for body in ({"type": "REGULAR", "billNumber": "1", "billAmount": 60}, {}):
        shown_as(TransactionAnswer, answered(organisation, "POST", bought, body))
    run = {"event_name": "Run", "externalId": "anna"}
    shown_as(WebhookAnswer, answered(organisation, "POST", f"/webhooks/{organisation.webhook_id}", run))
    path = f"/v3/users/{organisation.customer('anna')}"
    shown_as(Envelope[UserAnswer], answered(organisation, "GET", f"{path}/targetGroups?includeInactive=true"))
    shown_as(Envelope[list[TargetAnswer]], answered(organisation, "GET", f"{path}/enrolledTargets"))
    for refused in ("/v3/users/5/targetGroups", "/v3/users/5/enrolledTargets"):
        shown_as(Failure, answered(organisation, "GET", refused))
    for refused in ("/v3/targetGroups", "/v3/targetGroups/1/targets/1/enroll", "/webhooks/x", "/v2/customers"):
        shown_as(Failure, answered(organisation, "POST", refused, []))


def test_reads_of_definitions_have_the_documented_shape(organisation: OrganisationClient) -> None:
    """Groups alone and listed, periods, targets, milestones and refusals."""
    stars = {"programId": 46, "alternateCurrencyIdentifier": "stars"}
    currency = target("ALTERNATE_CURRENCIES", "ALL", extendedFieldInfo=stars)
    levels = [{"name": "Gold", "targetCountOfSequence": 1}]
    path = f"/v3/targetGroups/{organisation.define(group(currency, description='x', toDate='2027-01-01'))['id']}"
    organisation.define(group(trackingType="STREAKS", streaks=levels))
    organisation.define(group(target(), target(), combinationType="ANY"))
    shown_as(Envelope[list[TargetGroupAnswer]], answered(organisation, "GET", "/v3/targetGroups?includePeriods=true"))
    shown_as(
        PagedEnvelope[list[TargetGroupAnswer]], answered(organisation, "GET", "/v3/milestones?require-periods=true")
    )
    shown_as(Envelope[TargetGroupAnswer], answered(organisation, "GET", path))
    shown_as(Envelope[list[PeriodAnswer]], answered(organisation, "GET", f"{path}/targetPeriods"))
    shown_as(Envelope[list[TargetAnswer]], answered(organisation, "GET", f"{path}/targets"))
    told = f"{path}/targets/{organisation.data('GET', f'{path}/targets')[0]['id']}/communications"
    shown_as(Envelope[list[CommunicationAnswer]], answered(organisation, "GET", told))
    channels = answered(organisation, "GET", "/v3/targetGroups/channels")
    shown_as(Envelope[list[ChannelAnswer]], channels)
    for refused in ("/v3/milestones?limit=x", "/v3/targetGroups/1", "/v3/targetGroups/1/targets"):
        shown_as(Failure, answered(organisation, "GET", refused))


def test_edits_of_definitions_have_the_documented_shape(organisation: OrganisationClient) -> None:
    """Changes and additions of groups, periods and targets; free names; refusals."""
    defined = organisation.define(group(target(), target(), combinationType="ANY"))
    path, one = f"/v3/targetGroups/{defined['id']}", defined["targets"][0]["id"]
    for address in (path, f"{path}/targets/{one}"):
        shown_as(
            Envelope[TargetGroupAnswer], answered(organisation, "PUT", address, {"description": "y", "active": True})
        )
    shown_as(Envelope[list[PeriodAnswer]], answered(organisation, "POST", f"{path}/targetPeriods", MARCH))
    period = {"id": defined["periods"][0]["id"]}
    shown_as(Envelope[list[ChangedPeriodAnswer]], answered(organisation, "PUT", f"{path}/targetPeriods", period))
    shown_as(Envelope[list[TargetAnswer]], answered(organisation, "POST", f"{path}/targets", target()))
    shown_as(Envelope[list[TargetAnswer]], answered(organisation, "PUT", f"{path}/targets", {"id": one}))
    body = {"targets": [{"id": one}], "unifiedTargetExpression": {"minTargetsToAchieve": 1}}
    shown_as(Envelope[UnifiedTargetsAnswer], answered(organisation, "PUT", f"{path}/unifiedTargets", body))
    texts = [{"communicationType": "START", "channelId": 1, "messageTemplate": "m", "subjectTemplate": "s"}]
    told = f"{path}/targets/{one}/communications"
    shown_as(Envelope[list[CommunicationAnswer]], answered(organisation, "POST", f"{told}/upsert", texts))
    name = {"type": "targetName", "value": "x"}
    shown_as(Envelope[bool], answered(organisation, "POST", "/v3/targetGroups/isValidName", name))
    for address in (f"{path}/targets/{one}", path):
        shown_as(Envelope[bool], answered(organisation, "DELETE", address))
    for method, address in (("PUT", path), ("POST", f"{path}/targets"), ("PUT", f"{path}/targetPeriods")):
        shown_as(Failure, answered(organisation, method, address, {}))


def test_answers_of_our_own_api_have_the_documented_shape(organisation: OrganisationClient) -> None:
    """Events, places, customers and refusals."""
    shown_as(Items[NamedItem], answered(organisation, "POST", "/api/v1/zones", [{"code": "z"}]))
    shown_as(Items[NamedItem], answered(organisation, "POST", "/api/v1/concepts", {"code": "c"}))
    shown_as(Items[StoreItem], answered(organisation, "POST", "/api/v1/stores", [{"code": "s", "zone": "z"}]))
    shown_as(Items[TillItem], answered(organisation, "POST", "/api/v1/tills", [{"code": "t", "store": "s"}]))
    for kind, shape in (("zones", NamedItem), ("concepts", NamedItem), ("stores", StoreItem), ("tills", TillItem)):
        shown_as(Page[shape], answered(organisation, "GET", f"/api/v1/{kind}"))  # type: ignore[valid-type]
    organisation.define(group())
    shown_as(Answers, answered(organisation, "POST", "/api/v1/events", [bill(), bill("x"), {}]))
    shown_as(Page[CustomerItem], answered(organisation, "GET", "/api/v1/customers?externalId=anna"))
    shown_as(Problems, answered(organisation, "GET", "/api/v1/customers"))
    shown_as(Problems, answered(organisation, "POST", "/api/v1/stores", 5))
    shown_as(Problems, answered(organisation, "GET", "/api/v1/zones?limit=x"))


def test_the_document_is_served(organisation: OrganisationClient) -> None:
    """A client finds it where such documents are."""
    served = organisation.client.send("GET", "/openapi.json")
    assert (200, json.loads(document())) == (served.status_code, served.json())


@pytest.mark.parametrize("text", [None, "{}\n"])
def test_a_changed_document_is_reported(tmp_path: Path, text: str | None) -> None:
    """A file that is missing or outdated fails the check; one that was just written passes."""
    path = tmp_path / "openapi.json"
    if text is not None:
        path.write_text(text)
    run = CliRunner().invoke
    assert 1 == run(app, ["openapi", "--check", str(path)]).exit_code
    assert 0 == run(app, ["openapi", "--output", str(path)]).exit_code
    assert 0 == run(app, ["openapi", "--check", str(path)]).exit_code
    assert document() == run(app, ["openapi"]).stdout


def test_everything_has_a_sentence(told: Json) -> None:
    """Each property and each parameter."""
    assert [] == undescribed(told)


def test_lists_say_what_they_hold(told: Json) -> None:
    """Generators leave out what has a list without items."""
    lists = [part for part in parts(told["components"]) + parts(told["paths"]) if part.get("type") == "array"]
    assert [] == [part for part in lists if "items" not in part]


def test_parameters_have_their_types(told: Json) -> None:
    """Ids, numbers and flags are not text, and a default has the type of its parameter."""
    kinds = {"integer": int, "boolean": bool, "string": str}
    parameters = [
        parameter
        for operations in told["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
    ]
    typed = {parameter["name"]: parameter["schema"]["type"] for parameter in parameters}
    assert {"user_id": "integer", "limit": "integer", "includeInactive": "boolean", "name": "string"}.items() <= (
        typed.items()
    )
    defaults = [parameter["schema"] for parameter in parameters if "default" in parameter["schema"]]
    assert [] == [schema for schema in defaults if type(schema["default"]) is not kinds[schema["type"]]]


@pytest.mark.parametrize("address", [address for address, route in ROUTES.items() if route.body is not None])
def test_each_body_has_an_example_of_its_shape(told: Json, address: tuple[str, str]) -> None:
    """It is read as the shape that it is an example of; files have one too."""
    method, path = address
    body = ROUTES[address].body
    assert body is not None
    content = told["paths"][path][method]["requestBody"]["content"]
    assert [] == [kind for kind, part in content.items() if not part.get("example") and part.get("example") != {}]
    for example in (content[kind]["example"] for kind in body.types if body.shapes):
        single, shape = example if body.alone else example[0], body.shapes[0]
        is_model = hasattr(shape, "model_validate")
        assert (
            shape.model_validate(single) if is_model else msgspec.json.decode(json.dumps(single), type=shape)
        ) is not None
