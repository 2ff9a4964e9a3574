"""What the document tells of the routes about one customer's targets: enrolling, leaving, views, tracked events."""

from collections.abc import Mapping

from milepost.api.capillary.answer import EnrolledTargets, Envelope
from milepost.api.capillary.scope import HEADERS
from milepost.api.capillary.users.target_groups.shapes import UserShape
from milepost.api.capillary.users.tracked_events.routes import TrackedPageShape
from milepost.api.capillary.v2.request_shapes import EnrolmentBody, LeavingBody
from milepost.api.http.route import EVENTS, READ, READING, Body, Route

_TARGET = "targetGroups/{group_id}/targets/{target_id}"
_GATEWAY = "/api_gateway/intouch-api-v3"
_ENROL = Body((EnrolmentBody,), alone=False, listed=True)
_LEAVE = Body((LeavingBody,), alone=False, listed=True)
_CONNECTED_VIEW = Route(READ, Envelope[UserShape], headers=HEADERS, statuses=READING)

USERS: Mapping[tuple[str, str], Route] = {
    ("post", f"/v3/{_TARGET}/enroll"): Route(EVENTS, Envelope[int], _ENROL),
    ("post", f"/v3/{_TARGET}/unEnroll"): Route(EVENTS, Envelope[int], _LEAVE),
    ("post", f"/v3.1/{_TARGET}/enroll"): Route(EVENTS, Envelope[int], _ENROL, headers=HEADERS),
    ("post", f"/v3.1/{_TARGET}/unEnroll"): Route(EVENTS, Envelope[int], _LEAVE, headers=HEADERS),
    ("post", f"{_GATEWAY}/v3.1/{_TARGET}/enroll"): Route(EVENTS, Envelope[int], _ENROL, headers=HEADERS),
    ("post", f"{_GATEWAY}/v3.1/{_TARGET}/unEnroll"): Route(EVENTS, Envelope[int], _LEAVE, headers=HEADERS),
    ("get", "/v3/users/{user_id}/targetGroups"): Route(READ, Envelope[UserShape], statuses=READING),
    ("get", "/v3.1/users/{user_id}/targetGroups"): _CONNECTED_VIEW,
    ("get", f"{_GATEWAY}/v3.1/users/{{user_id}}/targetGroups"): _CONNECTED_VIEW,
    ("get", "/v3/users/{user_id}/enrolledTargets"): Route(READ, EnrolledTargets, statuses=READING),
    ("get", "/v3/users/{user_id}/trackedTargetEvents/{target_rule_id}"): Route(
        READ, TrackedPageShape, statuses=READING
    ),
}
