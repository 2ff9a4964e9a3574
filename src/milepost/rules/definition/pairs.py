"""The valid pairs of entity and type of a target (facts 4.2, 8 #10 to #12)."""

from typing import assert_never

from milepost.model.target import Entity, Kpi

_OF_BILLS = frozenset({Entity.TRANSACTION, Entity.LINEITEM})
_OF_POINTS = frozenset({Entity.REWARDS, Entity.POINTS})

_PUBLISHED: dict[Entity, frozenset[Kpi]] = {Entity.TRANSACTION: frozenset({Kpi.ALL})}
"""Pairs without a meaning that the vendor's published answers contain nevertheless (facts 8 #12)."""


def has_meaning(entity: Entity, kpi: Kpi) -> bool:
    """Return whether the pair determines what a target adds up."""
    return entity in _entities_of(kpi)


def _entities_of(kpi: Kpi) -> frozenset[Entity]:
    """Return the entities from which a type can be read."""
    match kpi:
        case Kpi.SALES | Kpi.GROSS_SALES | Kpi.QUANTITY | Kpi.EXTENDED_FIELD:
            return _OF_BILLS
        case Kpi.COUNT:
            return _OF_BILLS | {Entity.EVENT}
        case Kpi.VISIT:
            return frozenset({Entity.TRANSACTION, Entity.EVENT})
        case Kpi.EVENT_ATTRIBUTE:
            return frozenset({Entity.EVENT})
        case Kpi.REGULAR_POINTS | Kpi.PROMOTIONAL_POINTS | Kpi.ALL_POINTS:
            return _OF_POINTS
        case Kpi.ALL | Kpi.REGULAR | Kpi.PROMOTION | Kpi.PROMOTIONAL:
            return frozenset({Entity.ALTERNATE_CURRENCIES})
        case _ as never:
            assert_never(never)


def is_accepted(entity: Entity, kpi: Kpi) -> bool:
    """Return whether a definition may have the pair: it has a meaning, or the vendor's answers contain it."""
    return has_meaning(entity, kpi) or kpi in _PUBLISHED.get(entity, frozenset())
