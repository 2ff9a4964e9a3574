"""What is answered about the organisation and its settings."""

from typing import Any

from msgspec import Struct

from milepost.api.native.answer import iso, iso_or_null
from milepost.model.organisation import Organisation, SettingsVersion
from milepost.model.time import Micros
from milepost.service.snapshot.settings import shown_settings


class ChangerItem(Struct, forbid_unknown_fields=True):
    """Who changed settings: a till, a key, or a command."""

    id: int
    code: str
    name: str
    type: str


class SettingsItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Settings in force from a version on; `changedAt` and `changedBy` are null where that is not known."""

    version: int
    settings: dict[str, Any]
    changed_at: str | None
    changed_by: ChangerItem | None


class OrganisationItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """An organisation. `version` grows with each change of definitions or settings; `settings` are those in force.

    `now` is the time on the organisation's clock, in UTC: that of the server, or of the `sandbox` itself.
    """

    id: int
    name: str
    zone: str
    version: int
    settings: SettingsItem
    now: str
    sandbox: bool


def organisation_item(
    organisation: Organisation, settings: SettingsVersion, now: Micros, *, is_sandbox: bool
) -> OrganisationItem:
    """Return an organisation with its *settings* in force."""
    return OrganisationItem(
        id=organisation.id,
        name=organisation.name,
        zone=organisation.zone,
        version=organisation.version,
        settings=settings_item(settings),
        now=iso(now),
        sandbox=is_sandbox,
    )


def settings_item(settings: SettingsVersion) -> SettingsItem:
    """Return settings with the version from which on they are in force."""
    author = settings.changed_by
    return SettingsItem(
        settings.version,
        shown_settings(settings.settings),
        iso_or_null(settings.changed_at),
        None if author is None else ChangerItem(author.id, author.code, author.name, author.kind),
    )
