"""What the document tells of the routes by which a brand defines, changes and reads its target groups."""

from collections.abc import Mapping

from milepost.api.capillary.answer import ChangedPeriodShape, Envelope, GroupShape, PeriodShape, TargetShape
from milepost.api.capillary.definitions.communications.routes import CommunicationBody
from milepost.api.capillary.definitions.read_shapes import (
    CommunicationChannelShape,
    CommunicationShape,
    MilestonePageShape,
    ReadGroupShape,
    UnifiedShape,
)
from milepost.api.capillary.definitions.target_groups.amendment_body import UnifiedBody
from milepost.api.capillary.definitions.target_groups.body import GroupBody
from milepost.api.capillary.definitions.target_groups.routes import NameBody
from milepost.api.capillary.definitions.targets.body import PeriodBody, TargetBody
from milepost.api.capillary.scope import HEADERS
from milepost.api.http.route import ADMIN, READ, READING, TELLING, Body, Route

_GROUPS = "/v3/targetGroups"
_GROUP = f"{_GROUPS}/{{group_id}}"
_PERIODS = f"{_GROUP}/targetPeriods"
_TARGETS = f"{_GROUP}/targets"
_UNIFIED = f"{_GROUP}/unifiedTargets"
_COMMUNICATIONS = f"{_TARGETS}/{{target_id}}/communications"

_EDIT = Route(ADMIN, Envelope[ReadGroupShape], Body((GroupBody,)))
_SOME_PERIODS = Body((PeriodBody,), listed=True)
_SOME_TARGETS = Body((TargetBody,), listed=True)
_DONE = Route(ADMIN, Envelope[bool], statuses=READING)
_UNIFY = Route(ADMIN, Envelope[UnifiedShape], Body((UnifiedBody,)))

_SCOPED: Mapping[tuple[str, str], Route] = {
    ("post", _GROUPS): Route(ADMIN, Envelope[GroupShape], Body((GroupBody,))),
    ("get", _GROUPS): Route(READ, Envelope[list[ReadGroupShape]], statuses=READING),
    ("put", _GROUPS): _EDIT,
    ("post", f"{_GROUPS}/isValidName"): Route(READ, Envelope[bool], Body((NameBody,))),
    ("get", _GROUP): Route(READ, Envelope[ReadGroupShape], statuses=READING),
    ("put", _GROUP): _EDIT,
    ("put", f"{_GROUPS}/editTargetGroup/{{group_id}}"): _EDIT,
    ("delete", _GROUP): _DONE,
    ("get", "/v3/milestones"): Route(READ, MilestonePageShape, statuses=READING),
    ("get", _PERIODS): Route(READ, Envelope[list[PeriodShape]], statuses=READING),
    ("post", _PERIODS): Route(ADMIN, Envelope[list[PeriodShape]], _SOME_PERIODS),
    ("put", _PERIODS): Route(ADMIN, Envelope[list[ChangedPeriodShape]], _SOME_PERIODS),
    ("get", _TARGETS): Route(READ, Envelope[list[TargetShape]], statuses=READING),
    ("post", _TARGETS): Route(ADMIN, Envelope[list[TargetShape]], _SOME_TARGETS),
    ("put", _TARGETS): Route(ADMIN, Envelope[list[TargetShape]], _SOME_TARGETS),
    ("put", f"{_TARGETS}/{{target_id}}"): Route(ADMIN, Envelope[ReadGroupShape], Body((TargetBody,))),
    ("delete", f"{_TARGETS}/{{target_id}}"): _DONE,
    ("get", _COMMUNICATIONS): Route(READ, Envelope[list[CommunicationShape]], statuses=READING),
    ("post", f"{_COMMUNICATIONS}/upsert"): Route(
        ADMIN, Envelope[list[CommunicationShape]], Body((CommunicationBody,), alone=False, listed=True)
    ),
    ("put", _UNIFIED): _UNIFY,
    ("post", _UNIFIED): _UNIFY,
}
"""Those that are about the definitions of an organisation, one's own or a connected one."""

DEFINITIONS: Mapping[tuple[str, str], Route] = {
    **{address: route._replace(headers=HEADERS) for address, route in _SCOPED.items()},
    ("get", f"{_GROUPS}/channels"): Route(READ, Envelope[list[CommunicationChannelShape]], statuses=TELLING),
}
