"""A plan as it is printed: for people, like a diff, and as JSON for programs."""

import difflib
from collections.abc import Callable, Iterator
from typing import Any

import typer

from milepost.cli.targets.yaml_text import write_yaml
from milepost.model.definitions.change import ChangePolicy, DefinitionChange
from milepost.model.target import TargetGroup
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.schedule import ruling_calendar
from milepost.service.changes.plans import Plan, PlannedGroup
from milepost.wording.catalogue import Language
from milepost.wording.changes import changes_in_words

Write = Callable[[TargetGroup], dict[str, Any]]
"""Returns a group as a file holds it."""

_CONTEXT = 3


def diff_of(planned: PlannedGroup, write: Write) -> list[str]:
    """Return the lines of a diff from the live group to what would be in force."""
    after = planned.group or planned.written
    before = "" if planned.live is None else write_yaml(write(planned.live))
    lines = difflib.unified_diff(
        before.splitlines(), write_yaml(write(after)).splitlines(), "live", planned.wanted.path, n=_CONTEXT, lineterm=""
    )
    return list(lines)


def plan_item(plan: Plan, write: Write) -> dict[str, Any]:
    """Return a plan as JSON shows it; `apply --plan` reads it back."""
    return {
        "changes": bool(plan.changed),
        "groups": [_group_item(plan, one, write) for one in plan.groups],
        "unlisted": [group.name for group in plan.unlisted],
    }


def _group_item(plan: Plan, planned: PlannedGroup, write: Write) -> dict[str, Any]:
    return {
        "name": planned.wanted.name,
        "file": planned.wanted.path,
        "action": action_of(planned),
        "liveVersion": planned.live_version,
        "policy": planned.wanted.policy.value,
        "below": planned.wanted.below.value,
        "policies": [one.value for one in planned.allowed],
        "needsPolicy": planned.wanted.policy not in planned.allowed,
        "keepsOpenedPeriods": planned.waiting,
        "scheduledAt": None if planned.scheduled_at is None else calendar_of("UTC").iso(planned.scheduled_at),
        "changedOutsideBy": planned.drift,
        "warnings": list(planned.warnings),
        "words": words_of(plan, planned),
        "diff": diff_of(planned, write) if planned.group is not None else [],
        "lookedAt": planned.looked_at,
        "gain": planned.gain,
        "lose": planned.lose,
        "sample": [
            {"customerId": one.customer_id, "gains": list(one.gains), "losses": list(one.losses)}
            for one in planned.sample
        ],
    }


def action_of(planned: PlannedGroup) -> str:
    """Return what is to be done with a group: create, change or none."""
    if planned.group is None:
        return "none"
    return "create" if planned.live is None else "change"


def words_of(plan: Plan, planned: PlannedGroup) -> list[str]:
    """Return what would change in sentences."""
    if planned.group is None:
        return []
    calendar = ruling_calendar(plan.organisation, planned.group.time_zone_name)
    return changes_in_words(Language.ENGLISH, planned.live, planned.group, calendar)


def print_plan(plan: Plan, write: Write) -> None:
    """Print a plan for people."""
    for planned in plan.groups:
        for line in _lines(plan, planned, write):
            typer.echo(line)
    if plan.unlisted:
        typer.echo(f"no file, left as it is: {', '.join(group.name for group in plan.unlisted)}")
    changed = plan.changed
    created = sum(1 for one in changed if one.live is None)
    same = len(plan.groups) - len(changed)
    typer.echo(f"{created} to create, {len(changed) - created} to change, {same} unchanged")


def _lines(plan: Plan, planned: PlannedGroup, write: Write) -> Iterator[str]:
    wanted = planned.wanted
    if planned.group is None:
        if planned.scheduled_at is not None:
            yield f"{wanted.name}: published already, in force from {calendar_of('UTC').iso(planned.scheduled_at)} on"
        elif planned.waiting:
            yield f"{wanted.name}: goals of periods that have opened stay with policy NEXT_PERIOD"
        return
    yield f"{wanted.name}: {action_of(planned)}"
    yield from diff_of(planned, write)
    yield from (f"  {sentence}" for sentence in words_of(plan, planned))
    yield from (f"  warning: {warning}" for warning in planned.warnings)
    if planned.drift is not None:
        yield f"  the live version was changed by {planned.drift} after files were applied last"
    if planned.draft is not None:
        yield f"  there is a draft that {planned.draft.saved_by} saved"
    if planned.live is not None:
        yield from _policy_lines(planned)


def _policy_lines(planned: PlannedGroup) -> Iterator[str]:
    policy = planned.wanted.policy
    if policy not in planned.allowed:
        yield f"  policy: needs one of {', '.join(one.value for one in planned.allowed)}, not {policy.value}"
        return
    yield f"  policy: {policy.value}, {planned.wanted.below.value} achievements below the goal"
    if planned.waiting:
        yield "  goals of periods that have opened stay"
    if policy is not ChangePolicy.NEXT_PERIOD:
        same = planned.looked_at - planned.gain - planned.lose
        yield f"  of {planned.looked_at} customers {planned.gain} gain, {planned.lose} lose, {same} neither"
    for one in planned.sample:
        gains, losses = ", ".join(one.gains), ", ".join(one.losses)
        yield f"    {one.customer_id}" + (f" gains {gains}" if gains else "") + (f" loses {losses}" if losses else "")


def change_line(change: DefinitionChange) -> str:
    """Return what became of a published change."""
    when = "" if change.starts_at is None else f", in force from {calendar_of('UTC').iso(change.starts_at)} on"
    return f"{change.group.name}: {change.state.value}{when}"
