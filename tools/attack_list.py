"""The attacks of the design that are tested, with their sizes and tests, and what of each is not tried."""

from typing import NamedTuple


class Attack(NamedTuple):
    """An attack, how much of it is tried, and the tests that fail if it comes through.

    `has_control`: a test shows that what is refused would come through otherwise, or that its check can see. `left` is
    what is not tried, and why.
    """

    number: str
    attack: str
    size: str
    tests: tuple[str, ...]
    has_control: bool = False
    left: str = ""


_EVENTS = "tests/api/test_bad_events.py::"
_FORGED = "tests/api/test_forged_logins.py::"
_FILES = "tests/api/test_enrolment_files.py::"
_CREDENTIALS = "tests/api/test_credentials.py::"

ATTACKS = (
    Attack(
        "S01",
        "another organisation's data",
        "each route with its things; each table with its rows",
        ("tests/api/test_matrix.py", "tests/api/test_other_organisations.py", "tests/store/test_row_security.py"),
        has_control=True,
    ),
    Attack(
        "S02",
        "a role that is not enough",
        "each route by till, key and user",
        ("tests/api/test_matrix.py", "tests/api/test_users.py"),
        has_control=True,
    ),
    Attack(
        "S03",
        "fields that a client may not set",
        "10 names in each object of each body",
        ("tests/api/test_unknown_fields.py",),
    ),
    Attack(
        "S04",
        "guessed passwords",
        "limits by login and by address; equal work for unknown tills",
        (
            f"{_CREDENTIALS}test_wrong_passwords_are_limited_before_they_are_hashed",
            f"{_CREDENTIALS}test_wrong_passwords_that_come_together_are_limited_too",
            f"{_CREDENTIALS}test_an_address_is_limited_too_and_a_known_till_is_not_locked_out",
            f"{_FORGED}test_an_unknown_till_costs_the_work_of_a_known_one",
        ),
        left="a till whose earlier password is still valid costs twice the work, which tells only that",
    ),
    Attack(
        "S05",
        "passwords and keys that leaked",
        "replaced, rotated, revoked, disabled; digests alone are stored",
        ("tests/api/test_credentials.py",),
    ),
    Attack(
        "S06",
        "forged tokens",
        "43 forgeries by two headers",
        (f"{_FORGED}test_no_forged_token_is_a_login", "tests/api/test_logins.py"),
        has_control=True,
    ),
    Attack(
        "S07",
        "large, slow, endless and compressed bodies",
        "20 MB; 10 MiB and one byte; no stated size; 7 encodings; 415 on each route",
        (
            f"{_EVENTS}test_a_body_of_20_megabytes_is_refused",
            f"{_EVENTS}test_a_body_without_a_stated_size_is_measured",
            f"{_EVENTS}test_a_request_may_have_10_mebibytes_and_no_more",
            f"{_FORGED}test_a_compressed_body_is_not_inflated",
            f"{_FORGED}test_a_body_that_only_seems_compressed_is_read_as_it_is",
            "tests/api/test_documented_statuses.py",
        ),
        has_control=True,
    ),
    Attack(
        "S08",
        "JSON made to hurt",
        "depth, sizes, broken texts, numbers that are none",
        ("tests/api/test_bad_events.py", "tests/api/test_broken_texts.py"),
    ),
    Attack(
        "S09",
        "expressions made to hurt",
        "length, depth, nodes, literals; 16 patterns a condition, 200 an organisation; bills of 5,000 lines",
        (
            "tests/core/test_language_reading.py",
            "tests/core/test_validation_targets.py::test_a_condition_holds_so_many_patterns_and_no_more",
            "tests/api/test_long_bills.py",
        ),
        left="how many target groups an organisation may have is not bounded",
    ),
    Attack(
        "S10",
        "regular expressions made to hurt",
        "33 patterns",
        ("tests/core/test_hostile_patterns.py",),
        has_control=True,
    ),
    Attack(
        "S11",
        "webhooks that lead inside",
        "68 addresses, 0 connections",
        ("tests/core/test_addresses.py",),
        has_control=True,
    ),
    Attack(
        "S12",
        "forged and replayed webhooks",
        "verified by the library of Standard Webhooks",
        ("tests/api/test_webhooks_delivery.py",),
        left="a second library: the receivers of docs/examples in PHP and Go were run by hand",
    ),
    Attack(
        "S13",
        "timing of comparisons",
        "each comparison of the code",
        ("tests/tidy/test_secrets.py",),
        has_control=True,
        left="measured times",
    ),
    Attack(
        "S14",
        "noisy neighbours",
        "limits of requests by organisation and by caller",
        ("tests/api/test_rate_limits.py",),
        left="what a neighbour's latency is meanwhile",
    ),
    Attack(
        "S15",
        "injection into SQL and spreadsheets",
        "each statement is a text of the package; each cell of files that go out",
        (
            "tests/store/test_statements.py",
            "tests/cli/test_rejected_rows.py",
            f"{_FILES}test_refused_rows_may_come_back_as_csv_and_be_sent_again",
        ),
    ),
    Attack(
        "S16",
        "secrets and personal data in the log",
        "each call that logs; a customer with canaries in each field",
        ("tests/tidy/test_secrets.py", "tests/api/test_erasure.py"),
        has_control=True,
    ),
    Attack(
        "S17",
        "supply chain",
        "each dependency by hash; a bill of materials",
        ("tests/tidy/test_documents.py", "tests/tidy/test_release.py"),
        left="advisories: `pip-audit -r requirements.lock` and `npm audit` need a list, which was not to be had",
    ),
    Attack(
        "S18",
        "a changed log",
        "28 changes, each alone",
        ("tests/store/test_chain.py", "tests/cli/test_chain.py"),
        has_control=True,
    ),
    Attack(
        "S19",
        "slow and many connections, and lengths that contradict each other",
        "200 half requests; 34 requests with another behind them",
        ("tests/api/test_connections.py", "tests/api/test_smuggling.py"),
        has_control=True,
    ),
    Attack(
        "S20",
        "files made to hurt",
        "broken, wide and endless ones; 500 GB in 200 KiB of Parquet",
        ("tests/cli/test_event_files.py", "tests/cli/test_parquet_files.py", "tests/api/test_enrolment_files.py"),
        has_control=True,
    ),
    Attack(
        "S21",
        "a person who is to be forgotten",
        "each table that has personal data; a restored backup",
        ("tests/api/test_erasure.py", "tests/cli/test_erasures.py"),
        has_control=True,
    ),
)
