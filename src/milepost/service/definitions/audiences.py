"""The audiences that a definition names, which are locked until the definition is in force."""

from collections.abc import Iterable, Sequence

from milepost.model.definitions.audience import Audience
from milepost.model.problem import Problem
from milepost.model.target import Target
from milepost.rules.definition.audiences import resolve_audiences
from milepost.rules.definition.draft import TargetDraft
from milepost.store import audiences
from milepost.store.database import Transaction

AUDIENCES_MAX = 10_000
"""How many audiences of an organisation definitions can name."""


async def known_audiences(transaction: Transaction, org_id: int) -> dict[int, Audience]:
    """Return the audiences of an organisation by id."""
    return {audience.id: audience for audience in await audiences.read_page(transaction, org_id, 0, AUDIENCES_MAX)}


async def with_audiences(
    transaction: Transaction, org_id: int, drafts: Sequence[tuple[str, TargetDraft]]
) -> tuple[tuple[TargetDraft, ...], tuple[Problem, ...]]:
    """Return the targets with the versions of the audiences that they name, and a problem for each unknown audience.

    *drafts* are targets, each with its path in the request.
    """
    if not any(draft.audiences for _, draft in drafts):
        return tuple(draft for _, draft in drafts), ()
    by_id = await known_audiences(transaction, org_id)
    resolved = [resolve_audiences(path, draft, by_id) for path, draft in drafts]
    return tuple(draft for draft, _ in resolved), tuple(problem for _, problems in resolved for problem in problems)


async def lock_audiences(transaction: Transaction, org_id: int, targets: Iterable[Target]) -> None:
    """Lock the audiences of *targets* until *transaction* ends, so that no customer is added to them meanwhile.

    So no member is missed: the job that the definition starts enrols the members of before, and adding a customer
    later enrols that customer at once.
    """
    audience_ids = sorted({audience.audience_id for target in targets for audience in target.audiences})
    if audience_ids:
        await audiences.lock(transaction, org_id, audience_ids)
