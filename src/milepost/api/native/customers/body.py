"""What requests about a customer hold."""

from msgspec import UNSET, Struct, UnsetType

from milepost.model.problem import Problem, Refused

ALIAS_CHARACTERS_MAX = 50


class DisplayBody(Struct, forbid_unknown_fields=True):
    """How leaderboards are to show a customer; what is left out stays as it is, and null takes the alias away."""

    alias: str | UnsetType | None = UNSET
    hidden: bool | UnsetType = UNSET


class ErasureBody(Struct, forbid_unknown_fields=True):
    """The request to erase a customer: *reference* names it, such as by a ticket's number, and never the person."""

    reference: str


def alias_of(body: DisplayBody) -> str | None:
    """Return the alias that *body* asks for, without outer blanks: empty for none, None to leave it as it is.

    Raises Refused.
    """
    if body.alias is UNSET:
        return None
    alias = (body.alias or "").strip()
    if len(alias) > ALIAS_CHARACTERS_MAX:
        raise Refused(Problem("alias", f"must have at most {ALIAS_CHARACTERS_MAX} characters"))
    return alias
