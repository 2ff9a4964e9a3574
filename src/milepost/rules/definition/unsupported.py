"""Features of a definition that are stored but cannot be evaluated yet. We report them instead of counting wrongly."""

from collections.abc import Iterator

from milepost.model.event import BILL, CURRENCY, POINTS, RETURN
from milepost.model.target import Entity, Kpi, Target, TargetGroup
from milepost.rules.definition.pairs import has_meaning

_WITHOUT_ATTRIBUTES = frozenset({BILL, RETURN, POINTS, CURRENCY})


def unsupported_features(group: TargetGroup) -> tuple[str, ...]:
    """Return a sentence for each unsupported feature of *group*. If there is one, nothing is counted for the group."""
    return tuple(reason for target in group.targets for reason in _of_target(target))


def _of_target(target: Target) -> Iterator[str]:
    def sentence(feature: str) -> str:
        return f"Target '{target.name}': {feature} cannot be evaluated yet; the group is stored, nothing is counted."

    if not has_meaning(target.entity, target.kpi):
        yield sentence(f"{target.kpi.value} of {target.entity.value}")
    if target.entity in {Entity.TRANSACTION, Entity.LINEITEM} and target.event_name != BILL:
        yield sentence(f"{target.entity.value} on the event {target.event_name}")
    if target.kpi is Kpi.EVENT_ATTRIBUTE and target.event_name in _WITHOUT_ATTRIBUTES:
        yield sentence(f"an attribute of the event {target.event_name}")
