"""`milepost adjust`: shown, made, taken back; what is wrong is said."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from milepost.cli import app
from tests.api.client import ApiClient, opened
from tests.api.client_forms import bill, group, target


@pytest.fixture(name="filled", scope="module")
def _filled(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a server whose only organisation knows Anna, who has bought for 30."""
    with opened(admin_url, template) as client:
        organisation = client.organisation()
        organisation.define(group(target(name="Spend")))
        organisation.send_events(bill(30, id="one"))
        yield client


def said(client: ApiClient, *words: str) -> Result:
    """Run a command on the database of *client*, in January."""
    settings = {"MILEPOST_UNSAFE_DURABILITY": "1", "MILEPOST_CLOCK": "2026-01-20T12:00:00Z"}
    return CliRunner(env=settings).invoke(app, ["adjust", "anna", "--database-url", client.url, *words])


def test_a_correction_is_shown_made_and_taken_back(filled: ApiClient) -> None:
    """By the name of the target; an amount below 0 follows after two strokes."""
    asked = ("Spend", "12.5", "--reason", "lost bill", "--author", "mira", "--id", "t1")
    shown, made = (json.loads(said(filled, *asked, *more).stdout) for more in (["--dry-run"], []))
    assert ("dryRun", 42.5) == (shown["status"], shown["after"])
    assert ("applied", 30, 42.5, "mira") == (made["status"], made["before"], made["after"], made["author"])
    back = json.loads(said(filled, "--reverse", "t1", "--reason", "found").stdout)
    assert (-12.5, 30) == (back["amount"], back["after"])
    lowered = said(filled, "--reason", "typing error", "--", "Spend", "-5")
    assert 25 == json.loads(lowered.stdout)["after"]


@pytest.mark.parametrize(
    "words, problem",
    [
        (("Spend", "much"), "AMOUNT"),
        ((), "TARGET"),
        (("Nothing", "1"), "TARGET"),
        (("Spend", "0"), "amount"),
        (("Spend", "1", "--period", "May"), "period"),
        (("--reverse", "nothing"), "--reverse"),
    ],
)
def test_what_is_wrong_is_said(filled: ApiClient, words: tuple[str, ...], problem: str) -> None:
    """The message names the argument or the field."""
    told = said(filled, "--reason", "x", *words)
    assert 0 != told.exit_code
    assert problem in f"{told.output}{told.exception}"
