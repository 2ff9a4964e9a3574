"""Defining over HTTP: every published request, every published error, and nothing half stored."""

import asyncio
import json
from typing import Any

import httpx2

from milepost.api.capillary.definitions.target_groups.answer import created_group
from milepost.api.http.body import write_json
from milepost.model.target import TargetGroup
from milepost.rules.calendar import calendar_of
from milepost.store import organisations
from tests.api.client import PASSWORD, ApiClient, Json, OrganisationClient, json_of
from tests.api.test_seed_definitions import ANSWERED, SEEDS, SLIPS, is_never_sent, is_newer, leaves, seed

CLOCK = "2026-01-12T09:30:56.717Z"
INVALID = "Invalid input, check all values and ensure they are correct."


def asked(organisation: OrganisationClient, body: Any) -> tuple[int, Json]:
    """Post a definition; return status and envelope, numbers exact."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answered = organisation.post("/v3/targetGroups", content)
    return answered.status_code, json_of(answered)


def request(**changes: Any) -> Json:
    """Return a sound request with *changes*."""
    body: Json = {
        "name": "Autumn",
        "preferredTillId": 0,
        "trackingType": "DEFAULT",
        "totalPeriods": 1,
        "periods": [{"refCode": "Cycle_1", "startDate": "2026-01-01", "endDate": "2026-01-31"}],
        "targets": [
            {
                "name": "Spend",
                "targetEntity": "TRANSACTION",
                "targetType": "SALES",
                "enrolmentMethod": "TRANSACTION",
                "defaultValues": [{"defaultValue": 100}],
            }
        ],
    }
    return body | changes


def with_target(**changes: Any) -> Json:
    """Return a sound request with *changes* to its target."""
    body = request()
    return body | {"targets": [body["targets"][0] | changes]}


def errors(envelope: Json) -> list[tuple[int, str]]:
    """Return the errors of a refusal, which has no data."""
    assert envelope["data"] is None
    return [(error["code"], error["message"]) for error in envelope["errors"]]


def is_of_its_own(path: str) -> bool:
    """Return whether what stands at *path* is an id, a stamp, an author or a status as of the day of the sample."""
    parts = path.replace("[", ".[").split(".")
    own = {"createdBy", "lastUpdatedBy", "targetPeriodDefaultValuesMap", "periodStatus"}
    return bool(own.intersection(parts)) or parts[-1] in {
        "id",
        "periodId",
        "targetGroupId",
        "emfRuleSetId",
        "createdOn",
        "createdOnISO",
        "lastUpdatedOn",
        "lastUpdatedOnISO",
    }


def test_every_published_request_is_taken_and_answered(organisation: OrganisationClient) -> None:
    """Six requests in one organisation: 200 each, and the published answer but for ids, stamps and statuses."""
    for name in (*ANSWERED, "s1_goals_by_period"):
        status, envelope = asked(organisation, (SEEDS / f"{name}.request.json").read_bytes())
        assert (name, status, envelope["errors"], envelope["warnings"]) == (name, 200, None, None)
        if name not in ANSWERED:
            continue
        slips = {f"data.{path}": value for path, value in SLIPS.get(name, {}).items()}
        expected = [
            (path, None if is_of_its_own(path) else slips.get(path, value))
            for path, value in leaves(seed(f"{name}.answer"))
            if not is_never_sent(path, name) and "ValuesMap" not in path
        ]
        actual = [
            (path, None if is_of_its_own(path) else value)
            for path, value in leaves(envelope)
            if not is_newer(path, name) and "ValuesMap" not in path
        ]
        assert actual == expected
    assert organisation.stored()["target_group_version"] == 6


def test_the_answer_names_the_till_the_clock_and_each_period(organisation: OrganisationClient) -> None:
    """Ids belong together: goals to periods, by place and by map; the author is the till that logged in."""
    organisation.client.clock.set(CLOCK)
    _, envelope = asked(organisation, (SEEDS / "s1_event_count.request.json").read_bytes())
    data = envelope["data"]
    target, periods = data["targets"][0], [period["id"] for period in data["periods"]]
    goals = target["defaultValues"]
    assert [goal["periodId"] for goal in goals] == periods
    assert target["targetPeriodDefaultValuesMap"] == {str(goal["periodId"]): goal for goal in goals}
    assert {period["targetGroupId"] for period in data["periods"]} == {target["targetGroupId"]} == {data["id"]}
    author = target["attribution"]["createdBy"]
    assert (author["code"], author["type"], list(author)) == (
        organisation.till_code,
        "TILL",
        ["id", "code", "description", "name", "type"],
    )
    assert target["attribution"]["createdOn"] == "2026-01-12T09:30:56.717+0000"
    assert [period["periodStatus"] for period in data["periods"]] == ["RUNNING", "NOT_STARTED"]


METADATA = "Target rule metadata is required in case of EXTENDED_FIELD/ALTERNATE_CURRENCIES target type"
WINDOW = "Target evaluation type not supported for leaderboard, currently only FIXED_CALENDER_WINDOW is supported"
AMOUNT = f"{INVALID} targets[0].defaultValues[0].defaultValue: must be a number up to {10**15} with at most 4 decimals"
CURRENCY = {"targetEntity": "ALTERNATE_CURRENCIES", "targetType": "ALL"}
STREAKS = {"trackingType": "STREAKS"}


FAULTS: tuple[tuple[Any, tuple[int, str]], ...] = (
    (
        with_target(targetEntity="EVENT", targetType="SALES"),
        (310033, "Invalid target entity and target type combination"),
    ),
    (with_target(**CURRENCY), (310094, METADATA)),
    (with_target(targetType="EXTENDED_FIELD"), (310094, METADATA)),
    (
        with_target(**CURRENCY, extendedFieldInfo={"alternateCurrencyIdentifier": "0nzyDx"}),
        (310146, "Invalid program id"),
    ),
    (
        with_target(**CURRENCY, extendedFieldInfo={"programId": 46}),
        (310147, "Invalid or null Alternate Currency Identifier for target rule"),
    ),
    (
        with_target(targetType="EXTENDED_FIELD", extendedFieldInfo={"aggregateFunction": "SUM"}),
        (310092, "Extended field name or data type is invalid"),
    ),
    (with_target(name="t" * 201), (310008, "Length of Target rule name cannot exceed 200")),
    (request(**STREAKS), (310101, "At least one streak should be present for streaks target group")),
    (request(**STREAKS, streaks=[{"name": "Gold"}]), (310106, "Streak count is mandatory")),
    (
        request(leaderboardEnabled=True, targetEvaluationType="CYCLIC_WINDOW"),
        (
            310132,
            WINDOW,
        ),
    ),
    (request(colour="red"), (300004, f"{INVALID} colour: is not a field that is known here")),
    (request(name=5), (300004, f"{INVALID} name: must be text")),
    (request(name="n" * 201), (300004, f"{INVALID} name: must not be longer than 200 characters")),
    (request(name="n\0"), (300004, f"{INVALID} name: must not contain control characters")),
    (
        with_target(defaultValues=[{"defaultValue": 10**40}]),
        (
            300004,
            AMOUNT,
        ),
    ),
    ([], (300004, f"{INVALID} The body must be an object.")),
)
"""A request for each published error, with the error's code and words."""

BROKEN = (
    b"",
    b"{",
    b'{"preferredTillId": NaN}',
    b"[" * 100_000,
    b'{"name": "\xff"}',
    b'{"name": ' + b"9" * 5_000 + b"}",
    b'{"name": 1e999999999999}',
)


def test_each_published_error_is_provoked(organisation: OrganisationClient) -> None:
    """Code and words as published, status 400, and nothing is stored."""
    before = organisation.stored()
    answers = [asked(organisation, body) for body, _ in FAULTS]
    told = [(status, errors(envelope), envelope["warnings"]) for status, envelope in answers]
    assert told == [(400, [expected], None) for _, expected in FAULTS]
    assert organisation.stored() == before


def test_a_body_that_is_no_json_is_refused(organisation: OrganisationClient) -> None:
    """Broken bodies get a stated error, never a failure of the server."""
    answers = [asked(organisation, body) for body in BROKEN]
    assert [(status, {code for code, _ in errors(told)}) for status, told in answers] == [(400, {300004})] * len(BROKEN)


def test_a_body_past_its_limit_is_refused(organisation: OrganisationClient) -> None:
    """A body of 20 MB is not read to its end."""
    status, envelope = asked(organisation, b" " * 20_000_000)
    assert (status, envelope["data"]) == (413, None)


def test_leaderboards_may_be_closed(front: ApiClient) -> None:
    """Where the organisation has them off, the vendor's code and words."""
    _, envelope = asked(front.organisation(leaderboards="off"), request(leaderboardEnabled=True))
    assert errors(envelope) == [(310133, "Leaderboard is not enabled for the org")]


def test_a_name_is_taken_whatever_its_case(organisation: OrganisationClient) -> None:
    """A group's, a target's and a level's name belong to one of their kind in the organisation, but not in another."""
    body = request(trackingType="STREAKS", streaks=[{"name": "Gold", "targetCountOfSequence": 1}])
    assert asked(organisation, body)[0] == 200
    targets, streaks = [body["targets"][0] | {"name": "sPEND"}], [{"name": "GOLD", "targetCountOfSequence": 1}]
    again = body | {"name": "AUTUMN", "targets": targets, "streaks": streaks}
    status, envelope = asked(organisation, again)
    assert (status, errors(envelope)) == (
        400,
        [
            (310069, "Target group name already exists"),
            (300004, f"{INVALID} targets[0].name: is the name of another target"),
            (300004, f"{INVALID} streaks[0].name: is the name of another streak level"),
        ],
    )
    assert asked(organisation.client.organisation(), again)[0] == 200


def test_names_of_different_kinds_may_be_equal(organisation: OrganisationClient) -> None:
    """A target may be called like its group, as in the published samples."""
    assert asked(organisation, with_target(name="Autumn"))[0] == 200


def test_every_problem_is_reported_at_once(organisation: OrganisationClient) -> None:
    """Unreadable values, unsound ones and names that are taken come together, each once."""
    assert asked(organisation, request())[0] == 200
    body = with_target(targetType="WEIGHT", description="d" * 256) | {"totalPeriods": "two", "colour": 1}
    _, envelope = asked(organisation, body)
    told = {message.removeprefix(INVALID).strip().partition(":")[0] for _, message in errors(envelope)}
    assert told == {
        "Target group name already exists",
        "targets[0].name",
        "targets[0].description",
        "targets[0].targetType",
        "totalPeriods",
        "colour",
    }


def test_an_unsupported_definition_is_stored_with_a_warning(organisation: OrganisationClient) -> None:
    """An odd pair that the vendor was seen to store is answered in full, and says that nothing is counted for it."""
    odd = request()
    odd["targets"][0]["targetType"] = "ALL"
    status, envelope = asked(organisation, odd)
    (warning,) = envelope["warnings"]
    assert (status, "ALL of TRANSACTION cannot be evaluated" in warning["message"]) == (200, True)
    assert organisation.stored()["target_group_version"] == 1


def version_of(organisation: OrganisationClient) -> int:
    """Return the organisation's present version."""
    version_now = "select version from organisation where org_id = %s"
    return organisation.client.number(version_now, organisation.organisation.id)


def test_a_definition_makes_a_new_version(organisation: OrganisationClient) -> None:
    """Each definition changes what events mean: the version grows by one; one that is refused changes nothing."""
    before = version_of(organisation)
    statuses = [asked(organisation, request())[0] for _ in range(2)]
    assert (statuses, version_of(organisation)) == ([200, 400], before + 1)


def test_definitions_at_the_same_time_share_no_name(organisation: OrganisationClient) -> None:
    """Of several requests for one name at the same time, one succeeds; the others are refused."""

    async def together() -> list[httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            return await asyncio.gather(*(client.post("/v3/targetGroups", json=request()) for _ in range(5)))

    statuses = sorted(posted.status_code for posted in organisation.client.run(together))
    assert (statuses, organisation.stored()["target_group_version"]) == ([200, 400, 400, 400, 400], 1)


def test_defining_needs_a_login(organisation: OrganisationClient) -> None:
    """A request without, or with a wrong, login is not looked at."""
    send, logins = organisation.client.send, (None, (organisation.till_code, "wrong"))
    statuses = [send("POST", "/v3/targetGroups", json=request(), auth=login).status_code for login in logins]
    assert (statuses, organisation.stored().get("target_group_version", 0)) == ([401, 401], 0)


def test_the_stored_definition_is_the_one_answered(organisation: OrganisationClient) -> None:
    """What is read back from the store renders as the answer did."""
    _, envelope = asked(organisation, (SEEDS / "s1_user_created.request.json").read_bytes())

    async def stored() -> list[TargetGroup]:
        async with organisation.client.runtime.database.transaction() as transaction:
            return await organisations.groups_at(transaction, organisation.organisation.id, version_of(organisation))

    (group,) = organisation.client.run(stored)
    shown = created_group(group, calendar_of("UTC"), organisation.client.clock())
    assert write_json(envelope["data"]) == write_json(shown)
