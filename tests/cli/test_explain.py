"""`milepost explain` and `milepost verify --explanations`, on a database that a server filled."""

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from milepost.cli import app
from milepost.engine.explanation import explain
from milepost.model.standing import ProgressKey
from milepost.service.explanations.completeness import check_explanations, is_complete
from milepost.service.explanations.customer_log import read_log
from milepost.store import organisations
from milepost.store.database import Database
from tests.api.client import ApiClient, opened
from tests.api.client_forms import bill, event, group, target


@pytest.fixture(name="filled", scope="module")
def _filled(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a server whose only organisation knows Anna."""
    with opened(admin_url, template) as client:
        organisation = client.organisation()
        organisation.define(group(target(name="Spend")))
        organisation.send_events(bill(30, id="one"), bill(20, id="two"), event("Run", id="three"))
        yield client


def said(client: ApiClient, *words: str) -> Result:
    """Run a command on the database of *client*."""
    options = ["--database-url", client.url]
    return CliRunner(env={"MILEPOST_UNSAFE_DURABILITY": "1"}).invoke(app, [*words, *options])


def test_a_customer_is_explained_by_the_external_id(filled: ApiClient) -> None:
    """A target is named; the text is that of the API."""
    answer = said(filled, "explain", "anna", "spend", "--period", "January")

    assert 0 == answer.exit_code
    assert "50 of 100" in answer.stdout
    assert "+20 purchase of 20 on 20 January 2026 = 50" in answer.stdout
    assert (
        "Einkauf über 30" in said(filled, "explain", "anna", "Spend", "--period", "January", "--language", "de").stdout
    )


def test_data_are_printed_on_request(filled: ApiClient) -> None:
    """The same struct as the API answers, one for each target."""
    (explained,) = json.loads(said(filled, "explain", "anna", "Spend", "--period", "January", "--json").stdout)

    assert (50, True) == (explained["value"], explained["equalsStored"])
    assert ["three"] == [row["event"]["id"] for row in explained["notCounted"]]


def test_before_anything_there_is_nothing_to_explain(filled: ApiClient) -> None:
    """As of an instant before the first event the customer took part in nothing."""
    answer = said(filled, "explain", "anna", "--at", "2025-01-01")

    assert (0, "There is nothing to explain: the customer takes part in no target.\n") == (
        answer.exit_code,
        answer.stdout,
    )


@pytest.mark.parametrize(
    "words", [["nobody"], ["anna", "No such target"], ["anna", "--language", "fr"], ["anna", "--at", "soon"]]
)
def test_what_is_not_there_is_refused(filled: ApiClient, words: list[str]) -> None:
    """A sentence says what is wrong; nothing is printed."""
    answer = said(filled, "explain", *words)

    assert answer.exit_code
    assert "" == answer.stdout


def test_all_explanations_are_checked(filled: ApiClient) -> None:
    """Each adds up to what is stored."""
    answer = said(filled, "verify", "--explanations", "10")

    assert (0, "explained 1 progress rows of 1 customers (3 events), wrong 0\n") == (answer.exit_code, answer.stdout)


def test_a_stored_value_that_nothing_explains_is_found(filled: ApiClient) -> None:
    """The check can fail: a value that is stored too high does not add up."""
    runtime = filled.runtime

    async def verdicts() -> list[bool]:
        (org_id,) = await organisation_ids(runtime.database)
        (customer,) = [one async for one in check_explanations(runtime, 1)]
        log = await read_log(runtime, org_id, customer.customer_id, None)
        assert log is not None
        ((key, row),) = log.stored.items()
        key = ProgressKey(*key)
        explained = explain(log.rule_indexes.__getitem__, log.events, key, log.snapshot.rule_index.rules[key.target_id])
        raised = log._replace(stored={key: replace(row, value=row.value + 1)})
        return [is_complete(one, key, explained) for one in (log, raised)]

    assert [True, False] == filled.run(verdicts)


async def organisation_ids(database: Database) -> list[int]:
    """Return the ids of all organisations."""
    async with database.reading() as reading:
        return await organisations.all_ids(reading)
