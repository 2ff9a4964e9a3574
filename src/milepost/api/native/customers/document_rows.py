"""The routes about one customer, progress, caps and streaks, and what the document tells of them."""

from collections.abc import Mapping

from fastapi import APIRouter

from milepost.api.http.route import EVENTS, READ, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.awards import routes as awards
from milepost.api.native.awards.routes import AwardRequest, CapItem, DecisionItem
from milepost.api.native.progress import routes as progress
from milepost.api.native.progress.routes import ProgressItem
from milepost.api.native.streaks import routes as streaks
from milepost.api.native.streaks.routes import FreezesItem, FreezesRequest, PauseItem, PauseRequest

router = APIRouter()
for _module in (progress, awards, streaks):
    router.include_router(_module.router)

_CUSTOMER = "/api/v1/customers/{customer_id}"
_STREAK = f"{_CUSTOMER}/streaks/{{group_id}}"
_READING = ("401", "404", "503")
_CALLING = ("400", "401", "404", "409", "413", "503")

CUSTOMERS: Mapping[tuple[str, str], Route] = {
    ("get", f"{_CUSTOMER}/progress"): Route(READ, ProgressItem, statuses=_READING),
    ("get", f"{_CUSTOMER}/caps"): Route(READ, Page[CapItem], statuses=_READING),
    ("post", f"{_CUSTOMER}/awards"): Route(EVENTS, DecisionItem, Body((AwardRequest,)), statuses=_CALLING),
    ("post", f"{_STREAK}/freezes"): Route(EVENTS, FreezesItem, Body((FreezesRequest,)), statuses=_CALLING),
    ("post", f"{_STREAK}/pauses"): Route(EVENTS, PauseItem, Body((PauseRequest,)), statuses=_CALLING),
}
