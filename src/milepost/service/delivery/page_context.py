"""Loads what the messages of a page of the outbox need, in a few statements for all of its rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from milepost.model.customer import Customer
from milepost.model.event import EventKey
from milepost.model.lazy import unpack_rows
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.service.customers.side_effects import VALUE_REASONS
from milepost.service.customers.view import CustomerView
from milepost.service.delivery.payloads.context import MessageContext, Step
from milepost.service.delivery.payloads.happenings import Happening, happenings_of, message_ids
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import customers, log
from milepost.store.database import Transaction
from milepost.store.delivery.codec import OutboxBody
from milepost.store.log import CustomerKey, LoggedRow


class ToldEvent(NamedTuple):
    """A row of the outbox with its customer: each happening with the id of its message."""

    context: MessageContext
    happenings: tuple[tuple[Happening, str], ...]


class Row(NamedTuple):
    """A row of the outbox that is about an event of a customer."""

    customer_key: CustomerKey
    body: OutboxBody


async def told_events(
    transaction: Transaction, snapshots: Mapping[int, OrganisationSnapshot], rows: Sequence[Row], *, with_steps: bool
) -> list[ToldEvent]:
    """Return what *rows* tell, in their order; rows whose event or customer is gone are left out.

    *with_steps* also reads the logs of the customers, for the dates of milestones.
    """
    if not rows:
        return []
    keys = [(row.customer_key, EventKey(row.body.source, row.body.event_id)) for row in rows]
    logged = await log.known_events(transaction, keys)
    customer_keys = sorted({row.customer_key for row in rows})
    profiles = await customers.profiles(transaction, customer_keys)
    standings = await log.standings(transaction, customer_keys)
    archived = await log.histories(transaction, customer_keys)
    steps = {key: steps_of(await customers.full_log(transaction, key)) for key in customer_keys} if with_steps else {}
    views = {
        key: _view(snapshots[key.org_id], profiles[key], standings[key], archived.get(key, ()))
        for key in customer_keys
        if key in profiles and key in standings
    }
    return [
        told_event(row.body, logged[place], views[row.customer_key], steps.get(row.customer_key, ()))
        for place, row in enumerate(rows)
        if place in logged and row.customer_key in views
    ]


def told_event(body: OutboxBody, logged: LoggedRow, view: CustomerView, steps: tuple[Step, ...]) -> ToldEvent:
    """Return what an event tells of a customer."""
    event = logged.event()
    happenings = tuple(happenings_of(view.snapshot, event, logged.entries, body.outcomes))
    context = MessageContext(
        customer_key=logged.customer_key,
        view=view,
        event=event,
        version=logged.version,
        request_id=body.request_id,
        steps=steps,
        added={(one.target_id, one.period_id): one.amount for one in happenings if one.amount},
    )
    ids = message_ids(logged.customer_key, event, happenings)
    return ToldEvent(context, tuple(zip(happenings, ids, strict=True)))


def steps_of(log_of_customer: Iterable[tuple[int, LoggedRow]]) -> tuple[Step, ...]:
    """Return the changes of values in a customer's log."""
    return tuple(
        Step(
            target_id=entry.target_id,
            period_id=entry.period_id,
            before=entry.before,
            after=entry.after,
            at=row.occurred_at,
        )
        for _, row in log_of_customer
        for entry in row.entries
        if entry.reason in VALUE_REASONS
    )


def _view(
    snapshot: OrganisationSnapshot, customer: Customer, standing: Standing, archived: Sequence[Progress]
) -> CustomerView:
    progress: dict[ProgressKey, Progress] = {row.key: row for row in archived}
    return CustomerView(
        snapshot=snapshot,
        customer=customer,
        standing=standing,
        progress=progress | unpack_rows(standing.progress),
        currency_names={},
    )
