"""The enrolment and the leaving in the body of a request (facts 3.5)."""

from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta, Struct

from milepost.api.http.body import ID_MAX, Amount, id_of
from milepost.api.http.unknown_fields import unknown_fields
from milepost.model.amount import fits
from milepost.model.problem import Problem, Refused
from milepost.service.definitions.participation import UNKNOWN_USER
from milepost.service.enrolments.single_enrolment import EnrolmentDraft

ENROLMENT_FIELDS = ("customerId", "periodName", "initialBalance", "resetStreakStatus")
LEAVING_FIELDS = ("customerId", "periodName")
"""Older texts of the vendor name a period here too. It is ignored: a customer leaves from the running period on."""

CustomerId = Annotated[int, Meta(ge=1, le=ID_MAX)]


class EnrolmentBody(Struct, rename="camel", forbid_unknown_fields=True):
    """The customer to enrol, and the first period of the enrolment; a list holds exactly one enrolment."""

    customer_id: CustomerId | str
    period_name: str | None = None
    initial_balance: Amount | None = None
    reset_streak_status: bool | None = None


class LeavingBody(Struct, rename="camel", forbid_unknown_fields=True):
    """The customer who leaves from the running period on; a list holds exactly one customer."""

    customer_id: CustomerId | str
    period_name: str | None = None


def read_enrolment(value: Any) -> EnrolmentDraft:
    """Return the one enrolment that a body holds; raises Refused with all its problems."""
    item, problems = _only_item(value, "enrolment", ENROLMENT_FIELDS)
    customer_id = _customer(item, problems)
    balance, reset = item.get("initialBalance"), item.get("resetStreakStatus")
    if balance is not None:
        balance = _balance(balance, problems)
    if not isinstance(reset, bool | None):
        problems.append(Problem("[0].resetStreakStatus", "must be true or false"))
    if problems:
        raise Refused(*problems)
    return EnrolmentDraft(
        customer_id=customer_id,
        period_name=item.get("periodName"),
        initial_balance=balance,
        reset_streak=reset is True,
    )


def read_leaving(value: Any) -> int:
    """Return the id of the one customer who leaves; raises Refused with all problems of the body."""
    item, problems = _only_item(value, "customer", LEAVING_FIELDS)
    customer_id = _customer(item, problems)
    if problems:
        raise Refused(*problems)
    return customer_id


def _only_item(value: Any, what: str, fields: tuple[str, ...]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the one record of a body (facts 8 #31), with the problems of its fields and of its period's name."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise Refused(Problem("", f"the body must be a list of exactly one {what}"))
    item: dict[str, Any] = value[0]
    problems = unknown_fields(item, fields, "[0].")
    name = item.get("periodName")
    if name is not None and (not isinstance(name, str) or "\0" in name):
        problems.append(Problem("[0].periodName", "must be text"))
    return item, problems


def _customer(item: dict[str, Any], problems: list[Problem]) -> int:
    customer_id = item.get("customerId")
    if isinstance(customer_id, str):
        customer_id = id_of(customer_id)
    if isinstance(customer_id, int) and not isinstance(customer_id, bool) and 0 < customer_id <= ID_MAX:
        return customer_id
    problems.append(UNKNOWN_USER)
    return 0


def _balance(value: object, problems: list[Problem]) -> Decimal | None:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and fits(Decimal(value)):
        return Decimal(value)
    problems.append(Problem("[0].initialBalance", "must be a number of at most 10^15 with at most 4 decimals"))
    return None
