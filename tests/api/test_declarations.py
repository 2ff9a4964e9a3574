"""Programmes, currencies, extended and custom fields: what an organisation declares and targets may name (facts 6)."""

from typing import Any

import msgspec
import pytest

from milepost.api.native.answer import Items, Page
from milepost.api.native.declarations.answer import CurrencyItem, FieldItem, ProgramItem
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import group, target

CSV = {"content-type": "text/csv; charset=utf-8"}


def kept(organisation: OrganisationClient, what: str, *items: Json) -> list[Json]:
    """Declare items that are taken; return them as answered."""
    answered = organisation.post(f"/api/v1/{what}", list(items))
    assert 200 == answered.status_code, answered.text
    found: list[Json] = json_of(answered)["items"]
    return found


def refused(organisation: OrganisationClient, what: str, body: Any, **options: Any) -> list[str]:
    """Declare something that is refused; return the problems as `path: reason`."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    answered = organisation.send("POST", f"/api/v1/{what}", content=content, **options)
    assert 400 == answered.status_code, answered.text
    return [f"{problem['path']}: {problem['reason']}" for problem in json_of(answered)["problems"]]


def listed(organisation: OrganisationClient, what: str, **query: Any) -> list[Json]:
    """Return what is declared."""
    found: list[Json] = organisation.get(f"/api/v1/{what}", **query)["items"]
    return found


def test_programmes_are_kept_by_id_or_name(organisation: OrganisationClient) -> None:
    """Without an id a known name means the known one, and a new one gets an id; with an id it is renamed."""
    gold, silver = kept(organisation, "programs", {"name": "Gold", "id": 1219}, {"name": "Silver"})
    assert (1219, True) == (gold["id"], isinstance(silver["id"], int))
    assert [silver] == kept(organisation, "programs", {"name": "Silver"})
    kept(organisation, "programs", {"name": "Platinum", "id": 1219})
    assert {"Platinum", "Silver"} == {one["name"] for one in listed(organisation, "programs")}
    assert ['[0].name: "silver" is the name of another programme'] == refused(
        organisation, "programs", [{"name": "silver", "id": 1219}]
    )


def test_currencies_belong_to_programmes(organisation: OrganisationClient) -> None:
    """Known by programme and identifier; without a name they have that of the identifier."""
    kept(organisation, "programs", {"name": "Gold", "id": 7})
    (stars,) = kept(organisation, "currencies", {"programId": 7, "identifier": "stars"})
    assert {"programId": 7, "identifier": "stars", "name": "stars"} == stars
    kept(organisation, "currencies", {"programId": 7, "identifier": "stars", "name": "Stars"})
    kept(organisation, "currencies", {"programId": 7, "identifier": "stars"})
    assert [stars | {"name": "Stars"}] == listed(organisation, "currencies")
    assert ["[0].programId: there is no programme 8"] == refused(
        organisation, "currencies", [{"programId": 8, "identifier": "stars"}]
    )


@pytest.mark.parametrize("what", ["extended-fields", "custom-fields"])
def test_fields_have_an_entity_and_a_type(organisation: OrganisationClient, what: str) -> None:
    """A second declaration changes them; the two families are separate."""
    tip = {"entity": "TRANSACTION", "name": "tip", "type": "TEXT", "label": "Tip"}
    kept(organisation, what, tip, {"entity": "LINEITEM", "name": "tip", "type": "NUMBER"})
    kept(organisation, what, tip | {"type": "NUMBER"})
    assert [
        {"entity": "LINEITEM", "name": "tip", "type": "NUMBER", "label": "tip"},
        tip | {"type": "NUMBER"},
    ] == listed(organisation, what)
    other = "custom-fields" if what == "extended-fields" else "extended-fields"
    assert [] == listed(organisation, other)


def test_lists_come_in_pages(organisation: OrganisationClient) -> None:
    """A cursor leads on, null ends; another organisation's are not among them."""
    kept(organisation, "programs", *({"name": f"P{number}", "id": number} for number in range(1, 6)))
    first = organisation.get("/api/v1/programs", limit=2)
    second = organisation.get("/api/v1/programs", limit=2, cursor=first["nextCursor"])
    third = organisation.get("/api/v1/programs", limit=2, cursor=second["nextCursor"])
    assert [[1, 2], [3, 4], [5]] == [[one["id"] for one in page["items"]] for page in (first, second, third)]
    assert third["nextCursor"] is None
    assert [] == listed(organisation.client.organisation(), "programs")
    assert 400 == organisation.send("GET", "/api/v1/programs?limit=0").status_code


def test_answers_have_the_documented_shape(organisation: OrganisationClient) -> None:
    """Both of what is stored and of what is listed."""
    bodies: list[tuple[str, Any, Json]] = [
        ("programs", ProgramItem, {"name": "G", "id": 7}),
        ("currencies", CurrencyItem, {"programId": 7, "identifier": "s"}),
        ("extended-fields", FieldItem, {"entity": "CUSTOMER", "name": "city", "type": "TEXT"}),
        ("custom-fields", FieldItem, {"entity": "CUSTOMER", "name": "city", "type": "DATE"}),
    ]
    for what, item, body in bodies:
        msgspec.json.decode(organisation.post(f"/api/v1/{what}", body).content, type=Items[item])  # type: ignore[valid-type]
        msgspec.json.decode(organisation.send("GET", f"/api/v1/{what}").content, type=Page[item])  # type: ignore[valid-type]


@pytest.mark.parametrize(
    "what, item, expected",
    [
        ("programs", {}, "[0].name: is missing"),
        ("programs", {"name": " "}, "[0].name: must have 1 to 200 characters, none of them U+0000"),
        ("programs", {"name": "n" * 201}, "[0].name: must have 1 to 200 characters, none of them U+0000"),
        ("programs", {"name": "\0"}, "[0].name: must have 1 to 200 characters, none of them U+0000"),
        ("programs", {"name": "a", "id": 0}, "[0].id: Expected `int` >= 1"),
        ("programs", {"name": "a", "id": 2**53 + 1}, f"[0].id: must be from 1 to {2**53}"),
        ("currencies", {"programId": 1, "identifier": ""}, "[0].identifier: must have 1 to 200 characters"),
        ("extended-fields", {"entity": "X", "name": "a", "type": "TEXT"}, "[0].entity: Invalid enum value 'X'"),
        ("extended-fields", {"entity": "CUSTOMER", "name": "a", "type": "X"}, "[0].type: Invalid enum value 'X'"),
        ("custom-fields", {"entity": "CUSTOMER", "name": "a", "type": "TEXT", "x": 1}, "[0].x: is not a field here"),
    ],
)
def test_a_bad_item_is_refused(organisation: OrganisationClient, what: str, item: Json, expected: str) -> None:
    """By its place, with the reason; nothing is stored."""
    (problem,) = refused(organisation, what, [item])
    assert expected == problem[: len(expected)]
    assert [] == listed(organisation, what)


@pytest.mark.parametrize(
    "what, items",
    [
        ("programs", [{"name": "a"}, {"name": "A"}]),
        ("programs", [{"name": "a", "id": 5}, {"name": "b", "id": 5}]),
        ("custom-fields", [{"entity": "CUSTOMER", "name": "a", "type": "TEXT"}] * 2),
    ],
)
def test_nothing_may_stand_twice(organisation: OrganisationClient, what: str, items: list[Json]) -> None:
    """Which of the two would be meant is not guessed."""
    (problem,) = refused(organisation, what, items)
    assert "[1]" == problem[:3]
    assert "stands twice in the request" in problem


def test_rows_of_a_table_are_kept(organisation: OrganisationClient) -> None:
    """CSV with a heading; empty cells say nothing, numbers are numbers, a byte-order mark is no part of a name."""
    tables = {
        "zones": "\ufeffcode,name,id\nnorth,North,5\nsouth,,\n",
        "stores": "code,zone\nS1,north\n\nS2,\n",
        "tills": "store,code\nS1,T1\n",
        "concepts": "code\nfresh\n",
        "programs": "id,name\n7,Gold\n",
        "currencies": "programId,identifier,name\n7,stars,Stars\n",
        "extended-fields": 'entity,name,type,label\nTRANSACTION,tip,NUMBER,"Tip, paid"\n',
        "custom-fields": "entity,name,type\nCUSTOMER,city,TEXT\n",
    }
    for what, table in tables.items():
        answered = organisation.send("POST", f"/api/v1/{what}", content=table.encode(), headers=CSV)
        assert 200 == answered.status_code, answered.text
    assert [("north", 5, "North"), ("south", "south")] == [
        (one["code"], one["id"], one["name"]) if one["code"] == "north" else (one["code"], one["name"])
        for one in listed(organisation, "zones")
    ]
    assert ["north", None] == [one["zone"] for one in listed(organisation, "stores")]
    assert [{"programId": 7, "identifier": "stars", "name": "Stars"}] == listed(organisation, "currencies")
    assert ["Tip, paid"] == [one["label"] for one in listed(organisation, "extended-fields")]


STORE_COLUMNS = ("code", "id", "name", "zone", "concept", "externalId", "externalId1", "externalId2")


@pytest.mark.parametrize(
    "table, expected",
    [
        (
            "code,colour\na,b\n",
            ["colour: is not a column here; the columns are " + ", ".join(sorted(STORE_COLUMNS))],
        ),
        ("code,code\na,b\n", ["code: is the name of two columns"]),
        ("name\na\n", ["[0].code: is missing"]),
        (
            "code,id\na,x\nb,y\n",
            ["[0].id: Expected `int | null`, got `str`", "[1].id: Expected `int | null`, got `str`"],
        ),
        ("code\na,b\n", ["[0]: has 2 cells for 1 columns"]),
        ("code,zone\na,nowhere\nb,\n", ['[0].zone: there is no zone with the code "nowhere"']),
        ("", [": the file has no heading"]),
        (b"\xff\xfe", [": the file is not UTF-8: invalid start byte at byte 0"]),
        ('code\n"a', [": the file is not CSV: unexpected end of data"]),
    ],
)
def test_a_bad_table_is_refused_row_by_row(
    organisation: OrganisationClient, table: str | bytes, expected: list[str]
) -> None:
    """Every wrong row is reported; no row is stored."""
    body = table if isinstance(table, bytes) else table.encode()
    assert expected == refused(organisation, "stores", body, headers=CSV)
    assert [] == listed(organisation, "stores")


def codes(organisation: OrganisationClient, body: Json) -> list[tuple[int, str]]:
    """Define a group; return the errors, none when it was taken."""
    answered = organisation.post("/v3/targetGroups", body)
    return [(one["code"], one["message"]) for one in json_of(answered)["errors"] or ()]


def of_field(name: str, entity: str = "TRANSACTION", aggregate: str = "SUM") -> Json:
    """Return a group that measures an extended field."""
    return group(target(entity, "EXTENDED_FIELD", extendedFieldInfo={"name": name, "aggregateFunction": aggregate}))


def of_currency(program: int, identifier: str) -> Json:
    """Return a group that measures a currency."""
    info = {"programId": program, "alternateCurrencyIdentifier": identifier}
    return group(target("ALTERNATE_CURRENCIES", "ALL", extendedFieldInfo=info))


def test_without_declarations_a_target_may_name_anything(organisation: OrganisationClient) -> None:
    """Only the fields that the organisation's systems send are known."""
    assert [] == codes(organisation, of_field("tip"))
    assert [] == codes(organisation, of_currency(7, "stars"))


def test_a_target_names_a_declared_field_of_its_entity(organisation: OrganisationClient) -> None:
    """Else 310092, also where a sum is asked of text; entities without a declared field are not asked about."""
    kept(
        organisation,
        "extended-fields",
        {"entity": "TRANSACTION", "name": "tip", "type": "NUMBER"},
        {"entity": "TRANSACTION", "name": "table", "type": "TEXT"},
    )
    kept(organisation, "custom-fields", {"entity": "TRANSACTION", "name": "own", "type": "NUMBER"})
    wrong = [(310092, "Extended field name or data type is invalid")]
    assert [] == codes(organisation, of_field("tip"))
    assert [] == codes(organisation, of_field("table", aggregate="COUNT"))
    assert wrong == codes(organisation, of_field("table"))
    assert wrong == codes(organisation, of_field("tips"))
    assert wrong == codes(organisation, of_field("own"))
    assert [] == codes(organisation, of_field("tips", "LINEITEM"))


def test_a_target_names_a_known_programme_and_currency(organisation: OrganisationClient) -> None:
    """Once there is a programme: 310146 and 310147; what is missing altogether is 310094 as ever."""
    kept(organisation, "programs", {"name": "Gold", "id": 7}, {"name": "Silver", "id": 8})
    kept(organisation, "currencies", {"programId": 7, "identifier": "stars"})
    assert [] == codes(organisation, of_currency(7, "stars"))
    assert [(310146, "Invalid program id")] == codes(organisation, of_currency(9, "stars"))
    unknown = [(310147, "Invalid or null Alternate Currency Identifier for target rule")]
    assert unknown == codes(organisation, of_currency(7, "coins"))
    assert unknown == codes(organisation, of_currency(8, "stars"))
    assert [310094] == [code for code, _ in codes(organisation, group(target("ALTERNATE_CURRENCIES", "ALL")))]


def test_a_target_that_is_added_later_is_checked_as_well(organisation: OrganisationClient) -> None:
    """Targets from before the first declaration stay."""
    defined = organisation.define(group(target(), target(), combinationType="ALL"))
    kept(organisation, "extended-fields", {"entity": "TRANSACTION", "name": "tip", "type": "NUMBER"})
    info = {"name": "tips", "aggregateFunction": "SUM"}
    added = target("TRANSACTION", "EXTENDED_FIELD", extendedFieldInfo=info)
    path = f"/v3/targetGroups/{defined['id']}/targets"
    assert [310092] == [error["code"] for error in json_of(organisation.post(path, [added]))["errors"]]
    info["name"] = "tip"
    assert 200 == organisation.post(path, [added]).status_code
