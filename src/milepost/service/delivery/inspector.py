"""A receiver inside the server: it verifies signatures and keeps the last messages, so that one sees them arrive.

It is for trying webhooks and for the demo. Each process keeps what reached it, and nothing is stored.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros, to_seconds
from milepost.service.delivery.sending.sender import open_secrets
from milepost.service.delivery.sending.signature import ID, is_signed
from milepost.service.runtime.runtime import Runtime
from milepost.store.delivery import webhooks
from milepost.store.sql.visibility import ALL

KEPT_MAX = 100
PATH = "/api/v1/inspector/"
OFF = Problem("", "the inspector is off; MILEPOST_INSPECTOR=1 turns it on")
UNKNOWN = Problem("name", "no active webhook has this address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that arrived: the webhook, its id, whether its signature is good, and the body."""

    org_id: int
    webhook_id: int
    at: Micros
    message_id: str
    verified: bool
    headers: Mapping[str, str]
    body: str


@dataclass(slots=True)
class Inspector:
    """The messages that reached this process lately, latest first."""

    arrivals: deque[Arrival] = field(default_factory=lambda: deque(maxlen=KEPT_MAX))

    async def receive(self, runtime: Runtime, name: str, headers: Mapping[str, str], body: bytes) -> Arrival:
        """Keep a message to the address called *name*. Raises Refused if no webhook has that address."""
        refuse_if_off(runtime)
        if "\0" in name:
            raise Refused(UNKNOWN)
        async with runtime.database.reading(ALL) as reading:
            candidates = await webhooks.at_address(reading, PATH + name)
        now = runtime.outgoing.now()
        signed = [
            stored for stored in candidates if is_signed(open_secrets(runtime, stored), headers, body, to_seconds(now))
        ]
        stored = next(iter(signed or candidates), None)
        if stored is None:
            raise Refused(UNKNOWN)
        arrival = Arrival(
            org_id=stored.org_id,
            webhook_id=stored.id,
            at=now,
            message_id=headers.get(ID, ""),
            verified=bool(signed),
            headers=headers,
            body=body.decode("utf-8", "replace"),
        )
        self.arrivals.appendleft(arrival)
        return arrival

    def of_organisation(self, runtime: Runtime, org_id: int) -> list[Arrival]:
        """Return what arrived for an organisation, latest first. Raises Refused if the inspector is off."""
        refuse_if_off(runtime)
        return [arrival for arrival in self.arrivals if arrival.org_id == org_id]


def refuse_if_off(runtime: Runtime) -> None:
    """Raise Refused unless the operator turned the inspector on."""
    if not runtime.outgoing.inspects:
        raise Refused(OFF)
