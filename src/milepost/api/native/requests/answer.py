"""What is answered about a request that was answered."""

from msgspec import Struct

from milepost.api.native.answer import iso
from milepost.service.runtime.request_history import KeptRequest


class RequestItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A request that was answered: when, to whom, with which status, and how long it took."""

    number: int
    answered_at: str
    login: str
    method: str
    route: str
    status: int
    milliseconds: int
    events: int
    request_id: str
    address: str


def request_item(answered: KeptRequest) -> RequestItem:
    """Return an answered request."""
    return RequestItem(
        number=answered.number,
        answered_at=iso(answered.answered_at),
        login=answered.login,
        method=answered.method,
        route=answered.route,
        status=answered.status,
        milliseconds=answered.milliseconds,
        events=answered.events,
        request_id=answered.request_id,
        address=answered.address,
    )
