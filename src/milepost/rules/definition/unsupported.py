"""What of a definition is stored but cannot be evaluated yet; said openly rather than counted wrongly."""

from collections.abc import Iterator

from milepost.model.event import BILL, CURRENCY, POINTS, RETURN
from milepost.model.target import Entity, Kpi, Target, TargetGroup
from milepost.rules.definition.pairs import is_meant

_WITHOUT_ATTRIBUTES = frozenset({BILL, RETURN, POINTS, CURRENCY})


def unsupported_features(group: TargetGroup) -> tuple[str, ...]:
    """Return a sentence for each thing in *group* that nothing is counted for yet; none means that it counts."""
    return tuple(sentence for target in group.targets for sentence in _of_target(target))


def _of_target(target: Target) -> Iterator[str]:
    def said(of: str) -> str:
        return f"Target '{target.name}': {of} cannot be evaluated yet; the group is stored, nothing is counted."

    if not is_meant(target.entity, target.kpi):
        yield said(f"{target.kpi.value} of {target.entity.value}")
    if target.entity in {Entity.TRANSACTION, Entity.LINEITEM} and target.event_name != BILL:
        yield said(f"{target.entity.value} on the event {target.event_name}")
    if target.kpi is Kpi.EVENT_ATTRIBUTE and target.event_name in _WITHOUT_ATTRIBUTES:
        yield said(f"an attribute of the event {target.event_name}")
