"""Which types of target go with which entity (semantics 4.2, 8 #10 to #12)."""

from milepost.model.target import Entity, Kpi

_POINTS = frozenset({Kpi.REGULAR_POINTS, Kpi.PROMOTIONAL_POINTS, Kpi.ALL_POINTS})

_MEANT: dict[Entity, frozenset[Kpi]] = {
    Entity.TRANSACTION: frozenset({Kpi.SALES, Kpi.GROSS_SALES, Kpi.COUNT, Kpi.VISIT, Kpi.QUANTITY, Kpi.EXTENDED_FIELD}),
    Entity.LINEITEM: frozenset({Kpi.SALES, Kpi.GROSS_SALES, Kpi.QUANTITY, Kpi.COUNT, Kpi.EXTENDED_FIELD}),
    Entity.EVENT: frozenset({Kpi.COUNT, Kpi.VISIT, Kpi.EVENT_ATTRIBUTE}),
    Entity.REWARDS: _POINTS,
    Entity.POINTS: _POINTS,
    Entity.ALTERNATE_CURRENCIES: frozenset({Kpi.ALL, Kpi.REGULAR, Kpi.PROMOTION, Kpi.PROMOTIONAL}),
}

_SEEN: dict[Entity, frozenset[Kpi]] = {Entity.TRANSACTION: frozenset({Kpi.ALL})}
"""Pairs without a meaning that the vendor was seen to store all the same (semantics 8 #12)."""


def is_meant(entity: Entity, kpi: Kpi) -> bool:
    """Tell whether the pair says what is added up."""
    return kpi in _MEANT[entity]


def is_accepted(entity: Entity, kpi: Kpi) -> bool:
    """Tell whether a definition may carry the pair: with a meaning, or odd but published."""
    return is_meant(entity, kpi) or kpi in _SEEN.get(entity, frozenset())
