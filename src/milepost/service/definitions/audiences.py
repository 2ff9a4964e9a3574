"""The audiences that a definition may name; nobody enters them while it comes into force."""

from collections.abc import Iterable, Sequence

from milepost.model.audience import Audience
from milepost.model.problem import Problem
from milepost.model.target import Target
from milepost.rules.definition.audiences import resolve_audiences
from milepost.rules.definition.draft import TargetDraft
from milepost.store import audiences
from milepost.store.database import Transaction

AUDIENCES_MAX = 10_000
"""Audiences of an organisation that definitions can name."""


async def known_audiences(transaction: Transaction, org_id: int) -> dict[int, Audience]:
    """Return the audiences of an organisation by their ids."""
    return {one.id: one for one in await audiences.read_page(transaction, org_id, 0, AUDIENCES_MAX)}


async def with_audiences(
    transaction: Transaction, org_id: int, drafts: Sequence[tuple[str, TargetDraft]]
) -> tuple[tuple[TargetDraft, ...], tuple[Problem, ...]]:
    """Return targets, each at its path, with the versions of audiences that they mean, and what names none."""
    if not any(draft.audiences for _, draft in drafts):
        return tuple(draft for _, draft in drafts), ()
    known = await known_audiences(transaction, org_id)
    found = [resolve_audiences(path, draft, known) for path, draft in drafts]
    return tuple(draft for draft, _ in found), tuple(problem for _, problems in found for problem in problems)


async def close_audiences(transaction: Transaction, org_id: int, targets: Iterable[Target]) -> None:
    """Let nobody enter the audiences of *targets* until *transaction* ends.

    Whoever is in by then is found by the job that the definition asks for; whoever enters later finds the definition.
    """
    named = sorted({audience.audience_id for target in targets for audience in target.audiences})
    if named:
        await audiences.lock(transaction, org_id, named)
