"""Reading ids of paths, and finding the customer of a path."""

from fastapi import HTTPException

from milepost.api.http.body import id_of
from milepost.model.problem import Problem, Refused
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller


def path_id(text: str, noun: str) -> int:
    """Return the id that *text* is; raises a 404 that names the *noun* if it is none."""
    id_ = id_of(text)
    if id_ is None:
        raise HTTPException(404, f"there is no {noun} {text!r}")
    return id_


def id_or_refuse(text: str, problem: Problem) -> int:
    """Return the id that *text* is; raises Refused with *problem* if it is none."""
    id_ = id_of(text)
    if not id_:
        raise Refused(problem)
    return id_


async def view_of(runtime: Runtime, caller: Caller, customer_id: str) -> CustomerView:
    """Return the customer of a path with all that is known of them; raises a 404."""
    id_ = path_id(customer_id, "customer")
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, id_)
    if view is None:
        raise HTTPException(404, f"there is no customer {id_}")
    return view
