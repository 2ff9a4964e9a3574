"""Names in conditions: the targets, groups, periods and streak levels that rules refer to."""

from collections.abc import Iterable, Iterator

from milepost import language
from milepost.language import Mention
from milepost.language.parameters import Parameter
from milepost.model.names import name_key
from milepost.model.target import StreakLevel, Target, TargetGroup

Place = tuple[TargetGroup, Target]


def references_in(target: Target) -> tuple[Mention, ...]:
    """Return the names in the expression of *target*."""
    return tuple(language.mentions(language.read(target.expression)))


def unknown_names(group: TargetGroup, groups: Iterable[TargetGroup]) -> Iterator[str]:
    """Yield a sentence for each name in the expressions of *group* that is unknown among *groups*."""
    references = References(groups)
    for target in group.targets:
        for mention in references_in(target):
            reason = references.unknown(mention)
            if reason is not None:
                consequence = "until it exists, what the expression reads of it is 0 or false."
                yield f"Target '{target.name}': {reason}; {consequence}"


class References:
    """An index of an organisation's groups by their names and by the names of their targets and levels."""

    def __init__(self, groups: Iterable[TargetGroup]) -> None:
        """Index *groups*."""
        self._groups: dict[str, TargetGroup] = {}
        self._targets: dict[str, Place] = {}
        self._levels: dict[str, tuple[TargetGroup, StreakLevel]] = {}
        self._periods: dict[tuple[int, str], int] = {}
        for group in groups:
            self._groups[name_key(group.name)] = group
            self._targets.update((name_key(target.name), (group, target)) for target in group.targets)
            self._levels.update((name_key(level.name), (group, level)) for level in group.streak_levels)
            self._periods.update(((group.id, name_key(period.ref_code)), period.id) for period in group.periods)

    def group(self, name: str) -> TargetGroup | None:
        """Return the group named *name*."""
        return self._groups.get(name_key(name))

    def target(self, name: str) -> Place | None:
        """Return the target named *name*, with its group."""
        return self._targets.get(name_key(name))

    def level(self, name: str) -> tuple[TargetGroup, StreakLevel] | None:
        """Return the streak level named *name*, with its group."""
        return self._levels.get(name_key(name))

    def period(self, group: TargetGroup, ref_code: str) -> int | None:
        """Return the id of the period of *group* with this *ref_code*."""
        return self._periods.get((group.id, name_key(ref_code)))

    def unknown(self, mention: Mention) -> str | None:
        """Return why the name in *mention* is unknown, or None if it is known."""
        match mention.parameter:
            case Parameter.TARGET:
                return None if self.target(mention.name) else f"there is no target {mention.name!r} yet"
            case Parameter.LEVEL:
                return None if self.level(mention.name) else f"there is no streak level {mention.name!r} yet"
            case Parameter.PERIOD:
                return self._unknown_period(mention)
            case _:
                return None if self.group(mention.name) else f"there is no target group {mention.name!r} yet"

    def _unknown_period(self, mention: Mention) -> str | None:
        assert mention.of is not None, "a period is named after its target or group"
        owner = mention.of.name
        place = self.target(owner) if mention.of.parameter is Parameter.TARGET else None
        group = place[0] if place else self.group(owner)
        if group is None or self.period(group, mention.name) is not None:
            return None
        return f"{owner!r} has no period {mention.name!r}"
