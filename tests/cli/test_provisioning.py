"""`milepost till add` and `key add`: a login may do what its role says, everything if none is said."""

import json

import psycopg
import pytest
from typer.testing import CliRunner

from milepost.cli import app
from milepost.model.bucket import bucket_of_customer, bucket_of_identifier
from milepost.store.log import EMPTY_BODY

PROFILE = '{"identifiers":%s,"id":%s,"registered_at":0,"updated_at":0}'


@pytest.fixture
def organised(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database with an organisation."""
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")
    assert 0 == CliRunner().invoke(app, ["org", "add", "Grocer", "--database-url", database_url]).exit_code
    return database_url


@pytest.mark.parametrize("words, role", [([], "ADMIN"), (["--role", "events"], "EVENTS"), (["--role", "READ"], "READ")])
def test_a_login_gets_the_role_that_is_named(organised: str, words: list[str], role: str) -> None:
    """Tills and keys alike."""
    for what in ("till", "key"):
        added = CliRunner().invoke(app, [what, "add", "shop", "--org", "Grocer", "--database-url", organised, *words])
        assert role == json.loads(added.stdout)["role"]


def test_a_role_that_is_none_is_refused(organised: str) -> None:
    """Nothing is added."""
    words = ["till", "add", "shop", "--org", "Grocer", "--database-url", organised]
    assert 2 == CliRunner().invoke(app, [*words, "--role", "OWNER"]).exit_code
    assert 0 == CliRunner().invoke(app, words).exit_code


def test_stored_events_of_an_organisation_are_claimed(organised: str) -> None:
    """`milepost org claim` prints what it has found; without duplicates names hold in the whole organisation."""
    words = ["--database-url", organised]
    assert 0 == CliRunner().invoke(app, ["org", "set", "Grocer", "eventIdentity=CUSTOMER", *words]).exit_code
    claimed = CliRunner().invoke(app, ["org", "claim", "Grocer", *words])
    expected = {"name": "Grocer", "eventIdentity": "ORGANISATION", "events": 0, "duplicates": []}
    assert (0, expected) == (claimed.exit_code, json.loads(claimed.stdout))


def test_customers_who_would_become_one_are_listed(organised: str) -> None:
    """None at first; then a customer whose stored number is another one's in another form."""
    words = ["org", "identifiers", "Grocer", "--database-url", organised]
    none = CliRunner().invoke(app, words)
    assert (0, "0 identifiers have the form of another customer's\n") == (none.exit_code, none.stdout)
    with psycopg.connect(organised, autocommit=True) as connection:
        for customer_id, number in ((1, "+491712345678"), (2, "0171 2345678")):
            identifiers = f'[["mobile","{number}"]]'
            connection.execute(
                "insert into customer (bucket, org_id, customer_id, body) values (%s, 1001, %s, %s)",
                [bucket_of_customer(1001, customer_id), customer_id, PROFILE % (identifiers, customer_id)],
            )
            bucket = bucket_of_identifier(1001, "mobile", number)
            values = [bucket, number, customer_id]
            connection.execute("insert into identity values (%s, 1001, 'mobile', %s, %s)", values)
            connection.execute(
                "insert into standing (bucket, org_id, customer_id, body) values (%s, 1001, %s, %s)",
                [bucket_of_customer(1001, customer_id), customer_id, EMPTY_BODY],
            )
    assert 0 == CliRunner().invoke(app, ["org", "set", "Grocer", "phoneRegion=DE", *words[3:]]).exit_code
    listed = CliRunner().invoke(app, words)
    pair = 'customer 2: mobile "0171 2345678" is that of customer 1: "+491712345678"'
    assert (1, pair) == (listed.exit_code, listed.stdout.splitlines()[0])
    shown = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert [{"type": "mobile", "customerId": 2, "value": "0171 2345678", "otherCustomerId": 1,
             "otherValue": "+491712345678"}] == shown["shared"]  # fmt: skip
