"""`POST /api/v1/targetGroups/{id}/enrolments`: who takes part, with goals of their own, from CSV (facts 4.7)."""

import csv
from io import StringIO
from time import process_time
from typing import Any

import httpx2
import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target


class Stage:
    """An organisation with a target of 1000 over three months that enrols by a list, and three customers."""

    def __init__(self, organisation: OrganisationClient, **changes: Any) -> None:
        """Set the stage."""
        self.organisation = organisation
        asked = target(name="Spend", enrolmentMethod="IMPORT", defaultValues=[{"defaultValue": 1000}])
        self.group = organisation.define(group(asked, periods=(JANUARY, FEBRUARY, MARCH), **changes))
        organisation.send_events(*(bill("50", customer=name) for name in ("anna", "bob", "carl")))

    def send(self, text: str | bytes, accept: str = "application/json", **query: Any) -> httpx2.Response:
        """Send a file."""
        path = f"/api/v1/targetGroups/{self.group['id']}/enrolments"
        headers = {"Content-Type": "text/csv", "Accept": accept}
        content = text.encode() if isinstance(text, str) else text
        return self.organisation.send("POST", path, content=content, headers=headers, params=query)

    def enrol(self, text: str, **query: Any) -> Json:
        """Send a file that can be read; return the answer."""
        answered = self.send(text, **query)
        assert answered.status_code == 200, answered.text
        told: Json = json_of(answered)
        return told

    def counts(self, text: str) -> tuple[int, int, int, int]:
        """Send a file; return how many rows enrolled, changed goals, were so already, and were refused."""
        told = self.enrol(text)
        return told["enrolled"], told["changed"], told["already"], len(told["refused"])

    def achieved(self, name: str) -> list[str]:
        """Return the periods that a customer has achieved."""
        rows = self.organisation.rows(self.organisation.customer(name), includeInactive="true")
        return [row["periodRefCode"] for row in rows if row["targetAchievedDateTime"] is not None]

    def reached(self, name: str) -> dict[str, Any]:
        """Return what a customer has reached, by period."""
        rows = self.organisation.rows(self.organisation.customer(name), includeInactive="true")
        return {row["periodRefCode"]: row["targetAchievedValue"] for row in rows}


@pytest.fixture
def stage(organisation: OrganisationClient) -> Stage:
    """Return a stage of the test's own."""
    return Stage(organisation)


HEADING = "externalId,TargetName,CreatedBy,UpdatedBy,January,February,March\n"


def test_rows_enrol_with_goals_of_their_own(stage: Stage) -> None:
    """A blank goal is the target's, 0 is a goal that the next event reaches."""
    told = stage.enrol(HEADING + "anna,Spend,x,y,60,,\nbob,Spend,x,y,,,\ncarl,Spend,x,y,0,5,7.5\n")
    assert {"rows": 3, "enrolled": 3, "changed": 0, "already": 0, "refused": []} == told
    stage.organisation.send_events(*(bill("10", customer=name) for name in ("anna", "bob", "carl")))
    assert [["January"], [], ["January"]] == [stage.achieved(name) for name in ("anna", "bob", "carl")]
    assert 60 == stage.reached("bob")["January"]


def test_a_file_may_be_sent_again(stage: Stage) -> None:
    """Rows that change nothing are ignored, also 60.0 for 60; other goals apply from then on."""
    assert (2, 0, 0, 0) == stage.counts(HEADING + "anna,Spend,,,60,,\nbob,Spend,,,,,\n")
    assert (0, 0, 2, 0) == stage.counts(HEADING + "anna,Spend,,,60.0,,\nbob,Spend,,,,,\n")
    assert (1, 1, 0, 0) == stage.counts(HEADING + "anna,Spend,,,55,,\ncarl,Spend,,,,,\n")
    stage.organisation.send_events(bill("5", customer="anna"))
    assert ({"January": 55, "February": 0, "March": 0}, ["January"]) == (stage.reached("anna"), stage.achieved("anna"))


@pytest.mark.parametrize("kind", ["userId", "mobile", "email", "externalId"])
def test_customers_are_known_by_any_identifier(stage: Stage, kind: str) -> None:
    """By the column's name, whatever its case."""
    names = {"mobile": "+4915112345", "email": "Dora@Example.com", "externalId": "dora"}
    identifiers = [{"type": name, "value": value} for name, value in names.items()]
    made = json_of(stage.organisation.post("/v2/customers", {"profiles": [{"identifiers": identifiers}]}))["createdId"]
    value = (names | {"userId": str(made)})[kind]
    assert (1, 0, 0, 0) == stage.counts(f"{kind.upper()},january\n{value},5\n")


def test_a_refused_row_comes_back_as_it_was_with_its_reasons(stage: Stage) -> None:
    """Everything that is wrong with it; the rows beside it are enrolled."""
    text = HEADING + "anna,Spend,,,60,,\nnobody,Spend,,,1,,\nbob,Other,,,x,-1,1e3\n,Spend,,,,,\n"
    told = stage.enrol(text)
    assert (1, [3, 4, 5]) == (told["enrolled"], [row["line"] for row in told["refused"]])
    assert ['there is no customer with this externalId: "nobody"'] == told["refused"][0]["reasons"]
    assert ["TargetName", "January", "February", "March"] == [
        reason.split()[0] for reason in told["refused"][1]["reasons"]
    ]
    assert {"externalId": "bob", "TargetName": "Other", "January": "x"}.items() <= told["refused"][1]["row"].items()


def test_refused_rows_may_come_back_as_csv_and_be_sent_again(stage: Stage) -> None:
    """With the line and the reason; cells that a spreadsheet would compute are text."""
    text = 'externalId,TargetName,January\nanna,Spend,60\n"=cmd()",Spend,\n+49,Spend,\n'
    answered = stage.send(text, accept="text/csv")
    assert (200, "text/csv; charset=utf-8") == (answered.status_code, answered.headers["content-type"])
    heading, *rows = list(csv.reader(StringIO(answered.text)))
    assert ["externalId", "TargetName", "January", "Line", "Reason"] == heading
    assert [["'=cmd()", "Spend", "", "3"], ["'+49", "Spend", "", "4"]] == [row[:4] for row in rows]
    registered = {"profiles": [{"identifiers": [{"type": "externalId", "value": "+49"}]}]}
    assert 200 == stage.organisation.post("/v2/customers", registered).status_code
    assert (1, 0, 0, 1) == stage.counts(answered.text)


def test_a_customer_stands_in_a_file_once(stage: Stage) -> None:
    """The same row again is left alone, another one refused."""
    told = stage.enrol("externalId,January\nanna,5\nanna,5.00\nanna,6\n")
    assert (1, 1, ["an earlier row says other goals of the same customer"]) == (
        told["enrolled"],
        told["already"],
        told["refused"][0]["reasons"],
    )


def test_a_period_may_be_named_from_which_on(stage: Stage) -> None:
    """Else it is the running one."""
    stage.enrol("externalId\nanna\n", periodName="february")
    stage.enrol("externalId\nbob\n")
    assert (["February", "March"], ["January", "February", "March"]) == (
        list(stage.reached("anna")),
        list(stage.reached("bob")),
    )
    assert 400 == stage.send("externalId\nbob\n", periodName="July").status_code


def test_a_customer_who_left_comes_back(stage: Stage) -> None:
    """By a row of a file, as by a call."""
    stage.enrol("externalId\nanna\n")
    path = f"/v3/targetGroups/{stage.group['id']}/targets/{stage.group['targets'][0]['id']}/unEnroll"
    assert 200 == stage.organisation.post(path, [{"customerId": stage.organisation.customer("anna")}]).status_code
    assert (1, 0, 0, 0) == stage.counts("externalId\nanna\n")


def test_more_rows_than_a_transaction_holds(stage: Stage) -> None:
    """Twelve hundred and one, one of them refused."""
    names = [f"customer {number}" for number in range(1_200)]
    for start in (0, 600):
        stage.organisation.send_events(*(bill("1", customer=name) for name in names[start : start + 600]))
    text = "externalId,January\n" + "".join(f"{name},{number}\n" for number, name in enumerate(names)) + "nobody,1\n"
    assert (1_200, 0, 0, 1) == stage.counts(text)
    assert (0, 0, 1_200, 1) == stage.counts(text)


@pytest.mark.parametrize(
    "text, path",
    [
        ("", ""),
        ("\n\n", ""),
        ("TargetName\nSpend\n", ""),
        ("externalId,mobile\na,b\n", ""),
        ("externalId,July\na,5\n", "July"),
        ("externalId,January,january\na,5,5\n", "January"),
        ('externalId\n"anna', ""),
        (b"externalId\n\xff\n", ""),
        ("externalId\nan\0na\n", ""),
    ],
)
def test_a_file_that_cannot_be_read_enrols_nobody(stage: Stage, text: str | bytes, path: str) -> None:
    """Each problem names its column."""
    answered = stage.send(text)
    assert (400, path) == (answered.status_code, json_of(answered)["problems"][0]["path"])


def test_a_row_with_too_many_cells_is_refused(stage: Stage) -> None:
    """It alone; a row with too few has blanks."""
    told = stage.enrol("externalId,January\nanna,5,7\nbob\n")
    assert (1, ["the row has 3 cells, the heading 2"]) == (told["enrolled"], told["refused"][0]["reasons"])


def test_a_target_that_is_open_to_all_takes_no_rows(organisation: OrganisationClient) -> None:
    """There is no customer to enrol."""
    organisation.send_events(bill("1"))
    made = organisation.define(group(target()))
    headers = {"Content-Type": "text/csv"}
    path = f"/api/v1/targetGroups/{made['id']}/enrolments"
    told = json_of(organisation.send("POST", path, content=b"externalId\nanna\n", headers=headers))
    assert [0, 1] == [told["enrolled"], len(told["refused"])]


def test_until_achieved_there_is_one_goal(organisation: OrganisationClient) -> None:
    """That of the first period, and greater than 0."""
    stage = Stage(organisation, targetEvaluationType="PERIOD_AGNOSTIC_WINDOW")
    assert 400 == stage.send("externalId,February\nanna,5\n").status_code
    assert (1, 0, 0, 1) == stage.counts("externalId,January\nanna,60\nbob,0\n")


def test_an_unknown_group_takes_no_file(stage: Stage) -> None:
    """No id, an id of nothing, and a group of another organisation."""
    other = stage.organisation.client.organisation()
    for asking, id_ in ((stage.organisation, "x"), (stage.organisation, 5), (other, stage.group["id"])):
        path = f"/api/v1/targetGroups/{id_}/enrolments"
        assert 400 == asking.send("POST", path, content=b"externalId\nanna\n").status_code


def test_a_file_past_its_limit_is_refused(stage: Stage) -> None:
    """25 MiB are read, one byte more is not."""
    limit = 25 * 1024 * 1024
    start = b"externalId\nanna\n"
    assert [200, 413] == [stage.send(start + b"\n" * (size - len(start))).status_code for size in (limit, limit + 1)]


@pytest.mark.parametrize("columns", [300, 1_999, 20_000, 200_000])
def test_a_heading_with_very_many_columns_is_refused_at_once(stage: Stage, columns: int) -> None:
    """In time that grows with its length and no faster (case 25); the answer is short."""
    for cell in ("a,", "January,", "externalId,"):
        began = process_time()
        answered = stage.send(cell * columns + "\n")
        assert (400, True) == (answered.status_code, process_time() - began < 2), answered.text[:200]
        assert len(answered.content) < 10_000


def test_other_encodings_and_delimiters_are_read_or_named(stage: Stage) -> None:
    """By the header, the byte-order mark or the heading; a decimal comma where it is certain."""
    text = "externalId;January\nanna;50,5\nbob;1.000\n"
    assert (2, 0, 0, 0) == stage.counts(text)
    path = f"/api/v1/targetGroups/{stage.group['id']}/enrolments"
    for encoding in ("utf-16", "windows-1252", "utf-8"):
        headers = {"Content-Type": f"text/csv; charset={encoding}"}
        answered = stage.organisation.send("POST", path, content=text.encode(encoding), headers=headers)
        assert (200, 2) == (answered.status_code, json_of(answered).get("already")), answered.text
    assert (0, 0, 2, 0) == _counts(stage.send(text.encode("utf-16")))
    problem = json_of(stage.send("externalId;January\nJürgen;5\n".encode("cp1252")))["problems"][0]
    assert problem["reason"].endswith(
        "it looks like Windows-1252: send it with Content-Type: text/csv; charset=windows-1252"
    )
    headers = {"Content-Type": "text/csv; charset=nothing"}
    answered = stage.organisation.send("POST", path, content=text.encode(), headers=headers)
    assert (400, "encoding") == (answered.status_code, json_of(answered)["problems"][0]["path"])


def test_a_shortened_number_and_a_repeated_heading_are_refused(stage: Stage) -> None:
    """Each with its line; the rows beside them are enrolled."""
    told = stage.enrol("externalId,January\nanna,5\nexternalId,January\n9.19E+11,5\n")
    assert (1, [3, 4]) == (told["enrolled"], [row["line"] for row in told["refused"]])
    assert "the row repeats the heading" == told["refused"][0]["reasons"][0]
    assert told["refused"][1]["reasons"][0].startswith('externalId read "9.19E+11", a number that a spreadsheet')


def _counts(answered: httpx2.Response) -> tuple[int, int, int, int]:
    told = json_of(answered)
    return told["enrolled"], told["changed"], told["already"], len(told["refused"])
