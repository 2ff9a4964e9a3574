"""What is answered about audiences and their members."""

from msgspec import Struct

from milepost.api.native.answer import iso
from milepost.model.definitions.audience import AudienceMember
from milepost.service.enrolments.audiences import AddedMembers, AudienceView


class VersionItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A version of an audience; `members` is the number of customers in it."""

    id: int
    created_at: str
    members: int


class AudienceItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """An audience; `versionId` is its current version, which is the last one."""

    id: int
    name: str
    created_at: str
    version_id: int
    versions: list[VersionItem]


class EnteredItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """The result of an upload: how many customers were added, how many were members already.

    `unknown` are the positions, from 0, of the identifiers of which there is no customer.
    """

    version_id: int
    entered: int
    already: int
    unknown: list[int]


class MemberItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A member of an audience, and since when."""

    customer_id: int
    entered_at: str


class LeftItem(Struct, forbid_unknown_fields=True):
    """Whether the customer was a member and has left."""

    left: bool


def audience_item(view: AudienceView) -> AudienceItem:
    """Return an audience with its versions."""
    audience = view.audience
    versions = [
        VersionItem(version.id, iso(version.created_at), view.members.get(version.id, 0))
        for version in audience.versions
    ]
    return AudienceItem(
        id=audience.id,
        name=audience.name,
        created_at=iso(audience.created_at),
        version_id=audience.current.id,
        versions=versions,
    )


def entered_item(entered: AddedMembers) -> EnteredItem:
    """Return the result of an upload."""
    return EnteredItem(entered.version.id, entered.added, entered.already, list(entered.unknown))


def member_item(member: AudienceMember) -> MemberItem:
    """Return a member of an audience."""
    return MemberItem(member.customer_id, iso(member.entered_at))
