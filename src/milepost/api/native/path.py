"""Whom a path of our own face names, and how instants are told there."""

from fastapi import HTTPException

from milepost.api.http.body import id_of
from milepost.rules.calendar import calendar_of
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller


def path_id(text: str, noun: str) -> int:
    """Return the id that a part of the path is; what is none names nothing that exists."""
    found = id_of(text)
    if found is None:
        raise HTTPException(404, f"there is no {noun} {text!r}")
    return found


async def view_of(runtime: Runtime, caller: Caller, customer_id: str) -> CustomerView:
    """Return the customer of a path."""
    found = path_id(customer_id, "customer")
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, found)
    if view is None:
        raise HTTPException(404, f"there is no customer {found}")
    return view


def iso_or_null(instant: int | None) -> str | None:
    """Return an instant (epoch microseconds) as ISO 8601 in UTC."""
    return None if instant is None else calendar_of("UTC").iso(instant)
