"""A whole definition that is not in force: built and checked like one, with the ids of the group that it follows."""

from collections import Counter
from dataclasses import dataclass, replace

from milepost.model.organisation import Organisation
from milepost.model.problem import Refused
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.build import IdKind, Ids, build_group
from milepost.rules.definition.recurring import expand_periods
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.definition.unsupported import unsupported_features
from milepost.rules.definition.validation import merge_problems, validate
from milepost.rules.edits.adoption import adopted
from milepost.service.definitions.audiences import with_audiences
from milepost.service.definitions.declaration_checks import measured_targets, undeclared_problems
from milepost.service.definitions.define import DefinitionRequest, holders_of, target_paths, wanted_names
from milepost.service.definitions.ids import fresh_ids
from milepost.service.definitions.names import key_of, taken_problems
from milepost.service.definitions.pattern_limit import check_patterns
from milepost.store.database import Transaction
from milepost.store.definitions import NameKey

FIRST_PROVISIONAL = 2**52
"""The first of the ids that a definition has which is only tried. Real ids never come near it."""


@dataclass(frozen=True, slots=True)
class DraftedGroup:
    """A group as a draft defines it, and warnings for its author."""

    group: TargetGroup
    warnings: tuple[str, ...]


async def drafted_group(
    transaction: Transaction,
    organisation: Organisation,
    author: Author,
    request: DefinitionRequest,
    now: Micros,
    *,
    live: TargetGroup | None = None,
    only_tried: bool = False,
) -> DraftedGroup:
    """Return the group that *request* drafts, to follow *live* if given. Raises Refused with all problems.

    Names of *live* are no names of others. With *only_tried* the ids are provisional and no name need be free.
    """
    calendar = ruling_calendar(organisation, request.draft.time_zone_name)
    draft = expand_periods(request.draft, calendar)
    targets, unknown_audiences = await with_audiences(transaction, organisation.id, list(target_paths(draft.targets)))
    till_id = request.till_id or 0 if draft.preferred_till_id is None else draft.preferred_till_id
    draft = replace(draft, targets=targets, preferred_till_id=till_id)
    validation = validate(draft, organisation, now)
    own = frozenset[NameKey]() if live is None else _names_of(live)
    wanted = [name for name in wanted_names(draft) if key_of(name.kind, name.name) not in own]
    taken = () if only_tried else await taken_problems(transaction, organisation.id, wanted)
    undeclared = await undeclared_problems(
        transaction, organisation.id, [measured_targets(path, target) for path, target in target_paths(draft.targets)]
    )
    problems = merge_problems(request.problems, (*validation.problems, *taken, *unknown_audiences, *undeclared))
    if problems:
        raise Refused(*problems)
    group = build_group(draft, organisation, _provisional(live), author, now)
    if not only_tried:
        needed: Counter[IdKind] = Counter()
        build_group(draft, organisation, _counted(needed, live), author, now)
        group = build_group(draft, organisation, _named(live, await fresh_ids(transaction, needed)), author, now)
    if live is not None:
        group = adopted(group, live)
    await check_patterns(transaction, organisation, group)
    return DraftedGroup(group, (*validation.warnings, *unsupported_features(group)))


def _names_of(live: TargetGroup) -> frozenset[NameKey]:
    return frozenset(key for key, _ in holders_of(live))


def _provisional(live: TargetGroup | None) -> Ids:
    """Return ids that no group has; the group itself has the id of *live*, so that generated names are the same."""
    used: Counter[IdKind] = Counter()

    def ids(kind: IdKind) -> int:
        if kind is IdKind.GROUP and live is not None:
            return live.id
        used[kind] += 2
        return FIRST_PROVISIONAL + used[kind]

    return ids


def _counted(needed: Counter[IdKind], live: TargetGroup | None) -> Ids:
    def ids(kind: IdKind) -> int:
        if kind is IdKind.GROUP and live is not None:
            return live.id
        needed[kind] += 1
        return FIRST_PROVISIONAL + needed[kind]

    return ids


def _named(live: TargetGroup | None, fresh: Ids) -> Ids:
    def ids(kind: IdKind) -> int:
        return live.id if kind is IdKind.GROUP and live is not None else fresh(kind)

    return ids
