"""The rows of our own API's routes that do not stand beside their handlers yet."""

from collections.abc import Mapping

from milepost.api.http.route import ADMIN, EVENTS, JSON, READ, READING, TELLING, Body, Route
from milepost.api.native.answer import CustomerItem, Page
from milepost.api.native.audiences.routes import (
    AudienceBody,
    AudienceItem,
    EnteredItem,
    LeftItem,
    MemberBody,
    MemberItem,
    VersionBody,
)
from milepost.api.native.customers.document_rows import CUSTOMERS
from milepost.api.native.declarations.document_rows import REFERENCE
from milepost.api.native.enrolments.routes import EnrolmentsItem
from milepost.api.native.events.body import EventBody
from milepost.api.native.events.routes import Answers
from milepost.api.native.goals.routes import ChosenGoalBody, GoalChangeBody, GoalItem
from milepost.api.native.jobs.routes import JobItem
from milepost.api.native.leaderboards.routes import BoardItem
from milepost.api.native.organisations.routes import OrganisationItem, SettingsBody, SettingsItem
from milepost.api.native.target_groups.routes import CountingBody, CountingItem
from milepost.model.customer import IdentifierKind

_EVENTS = Body(
    (EventBody,),
    listed=True,
    types=(JSON, "application/cloudevents+json", "application/cloudevents-batch+json"),
    by_line="application/x-ndjson",
)
_ENROLMENTS = Body(
    (),
    alone=False,
    types=(),
    table="An identifier, TargetName, CreatedBy, UpdatedBy, and one column for each period, named by its refCode.",
)
_NAMES = tuple(kind.value for kind in IdentifierKind if kind is not IdentifierKind.ID)

NATIVE_ROWS: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/events"): Route(EVENTS, Answers, _EVENTS),
    ("get", "/api/v1/customers"): Route(READ, Page[CustomerItem], query=_NAMES, statuses=READING),
    ("get", "/api/v1/leaderboards/{target_id}"): Route(READ, BoardItem, statuses=READING),
    ("get", "/api/v1/organisation"): Route(READ, OrganisationItem, statuses=TELLING),
    ("patch", "/api/v1/organisation"): Route(ADMIN, OrganisationItem, Body((SettingsBody,))),
    ("get", "/api/v1/organisation/versions"): Route(READ, Page[SettingsItem], statuses=READING),
    ("get", "/api/v1/audiences"): Route(READ, Page[AudienceItem], statuses=READING),
    ("post", "/api/v1/audiences"): Route(ADMIN, AudienceItem, Body((AudienceBody,))),
    ("get", "/api/v1/audiences/{audience_id}"): Route(READ, AudienceItem, statuses=READING),
    ("patch", "/api/v1/audiences/{audience_id}"): Route(ADMIN, AudienceItem, Body((AudienceBody,))),
    ("delete", "/api/v1/audiences/{audience_id}"): Route(ADMIN, AudienceItem, statuses=READING),
    ("post", "/api/v1/audiences/{audience_id}/versions"): Route(ADMIN, AudienceItem, Body((VersionBody,))),
    ("get", "/api/v1/audiences/{audience_id}/members"): Route(READ, Page[MemberItem], statuses=READING),
    ("post", "/api/v1/audiences/{audience_id}/members"): Route(
        ADMIN,
        EnteredItem,
        Body((MemberBody,), alone=False, listed=True, table="One column of identifiers, named by its kind."),
    ),
    ("put", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Route(ADMIN, EnteredItem, statuses=READING),
    ("delete", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Route(ADMIN, LeftItem, statuses=READING),
    ("post", "/api/v1/targetGroups/{group_id}/countStored"): Route(ADMIN, CountingItem, Body((CountingBody,))),
    ("post", "/api/v1/targetGroups/{group_id}/enrolments"): Route(EVENTS, EnrolmentsItem, _ENROLMENTS),
    ("post", "/api/v1/customers/{customer_id}/goals"): Route(EVENTS, GoalItem, Body((ChosenGoalBody,))),
    ("get", "/api/v1/customers/{customer_id}/goals"): Route(READ, Page[GoalItem], statuses=READING),
    ("patch", "/api/v1/customers/{customer_id}/goals/{goal_id}"): Route(EVENTS, GoalItem, Body((GoalChangeBody,))),
    ("delete", "/api/v1/customers/{customer_id}/goals/{goal_id}"): Route(EVENTS, GoalItem, statuses=READING),
    ("get", "/api/v1/jobs/{job_id}"): Route(READ, JobItem, statuses=READING),
    **REFERENCE,
    **CUSTOMERS,
}
