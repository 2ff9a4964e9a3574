"""How the payload of a stored event is read, by the name of the event."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import msgspec

from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import ReverseEvent, VoidAward
from milepost.model.commands.customer_merge import AbsorbCustomer, LoseIdentifiers, MergeIntoSurvivor
from milepost.model.commands.revision import ReviseProgress
from milepost.model.commands.vendor_import import ImportProgress
from milepost.model.event import (
    ABSORB_CUSTOMER,
    ADJUST_PROGRESS,
    AUTHORISE_AWARD,
    BILL,
    CURRENCY,
    ENROL,
    GRANT_FREEZES,
    IMPORT_PROGRESS,
    LOSE_IDENTIFIERS,
    MERGE_INTO_SURVIVOR,
    PAUSE_STREAK,
    PERIOD_ROLLOVER,
    POINTS,
    RETURN,
    REVERSAL,
    REVISE_PROGRESS,
    UNENROL,
    VOID_AWARD,
    Activity,
    AuthoriseAward,
    Award,
    Bill,
    Enrol,
    GrantFreezes,
    PauseStreak,
    Payload,
    PeriodRollover,
    Return,
    Unenrol,
)

_activity = msgspec.json.Decoder(Activity, float_hook=Decimal)
_payloads: Mapping[str, msgspec.json.Decoder[Any]] = {
    BILL: msgspec.json.Decoder(Bill, float_hook=Decimal),
    RETURN: msgspec.json.Decoder(Return, float_hook=Decimal),
    POINTS: msgspec.json.Decoder(Award, float_hook=Decimal),
    CURRENCY: msgspec.json.Decoder(Award, float_hook=Decimal),
    ENROL: msgspec.json.Decoder(Enrol, float_hook=Decimal),
    UNENROL: msgspec.json.Decoder(Unenrol),
    IMPORT_PROGRESS: msgspec.json.Decoder(ImportProgress, float_hook=Decimal),
    ABSORB_CUSTOMER: msgspec.json.Decoder(AbsorbCustomer),
    MERGE_INTO_SURVIVOR: msgspec.json.Decoder(MergeIntoSurvivor),
    LOSE_IDENTIFIERS: msgspec.json.Decoder(LoseIdentifiers),
    ADJUST_PROGRESS: msgspec.json.Decoder(AdjustProgress, float_hook=Decimal),
    REVISE_PROGRESS: msgspec.json.Decoder(ReviseProgress),
    PERIOD_ROLLOVER: msgspec.json.Decoder(PeriodRollover),
    GRANT_FREEZES: msgspec.json.Decoder(GrantFreezes),
    PAUSE_STREAK: msgspec.json.Decoder(PauseStreak),
    AUTHORISE_AWARD: msgspec.json.Decoder(AuthoriseAward, float_hook=Decimal),
    VOID_AWARD: msgspec.json.Decoder(VoidAward, float_hook=Decimal),
    REVERSAL: msgspec.json.Decoder(ReverseEvent),
}

WITH_ATTRIBUTES_ONCE = frozenset({BILL, RETURN, POINTS, CURRENCY, REVERSAL})
"""The names under which older databases may hold behavioural events."""


class UnreadableEvent(Exception):
    """A stored event is not what its name says; the message names the event."""


def read_payload(name: str, body: msgspec.Raw) -> Payload:
    """Return the payload in *body*, that of an event called *name*.

    Webhooks once took events with names of ours and any attributes. They were judged as behavioural events, so that is
    what they are when they are replayed. Raises msgspec.ValidationError.
    """
    try:
        return cast("Payload", _payloads.get(name, _activity).decode(body))
    except msgspec.ValidationError:
        if name not in WITH_ATTRIBUTES_ONCE:
            raise
        return cast("Payload", _activity.decode(body))
