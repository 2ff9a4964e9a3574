"""What requests about the organisation hold."""

from typing import Any

from msgspec import Struct


class SettingsBody(Struct, forbid_unknown_fields=True):
    """Settings to change, by name; settings that are left out stay as they are."""

    settings: dict[str, Any]
