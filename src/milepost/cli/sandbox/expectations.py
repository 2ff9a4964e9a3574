"""What a scenario expects, compared with what the server answers; a difference is shown like a diff."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from milepost.cli.sandbox.scenario_file import ScenarioStep

KINDS = frozenset({"progress", "board", "fired", "messages"})


class Failed(Exception):
    """An expectation of a step does not hold; `lines` say what was expected and what is."""

    def __init__(self, place: int, kind: str, lines: Sequence[str]) -> None:
        """Name the step and what differs."""
        super().__init__(f"step {place} ({kind})")
        self.lines = list(lines)


class Seen(NamedTuple):
    """What can be looked at: answers by path, customers by external id, what fired last, what a webhook was told."""

    get: Callable[[str], Awaitable[Any]]
    customer: Callable[[str], Awaitable[int | None]]
    fired: list[dict[str, Any]]
    messages: list[dict[str, Any]]


async def compare(step: ScenarioStep, seen: Seen) -> None:
    """Compare each expectation of a step. Raises Failed with all differences."""
    lines: list[str] = []
    content = step.content if isinstance(step.content, dict) else {}
    for kind, wanted in content.items():
        listed = wanted if isinstance(wanted, list) else [wanted]
        match kind:
            case "progress":
                for one in listed:
                    lines += await _progress(one, seen)
            case "board":
                for one in listed:
                    lines += await _board(one, seen)
            case "fired":
                shown = [{**one, "customer": one.get("customerId")} for one in seen.fired]
                lines += _listed(kind, listed, shown, await _by_id(listed, seen))
            case "messages":
                lines += _listed(kind, listed, seen.messages, listed)
            case _:
                lines.append(f"{kind} is not one of {', '.join(sorted(KINDS))}")
    if lines or not content:
        raise Failed(step.place, "expect", lines or [f"names none of {', '.join(sorted(KINDS))}"])


async def _progress(wanted: dict[str, Any], seen: Seen) -> list[str]:
    who, target, period = str(wanted["customer"]), str(wanted["target"]), wanted.get("period")
    title = f"progress of {who} in {target}" + (f" ({period})" if period else "")
    customer = await seen.customer(who)
    answer = None if customer is None else await seen.get(f"/api/v1/customers/{customer}/progress")
    rows = [
        (group, row)
        for group in (answer or {"groups": []})["groups"]
        for one in group["targets"]
        if one["name"] == target
        for row in one["periods"]
        if period is None or row["refCode"] == str(period)
    ]
    if not rows:
        return [title, "- is there", "+ is not there"]
    group, row = rows[0]
    streak = group.get("streak") or {}
    shown = {**row, "achieved": row["achievedAt"] is not None, "streak": streak.get("run")}
    return _differences(title, {key: wanted[key] for key in wanted.keys() - {"customer", "target", "period"}}, shown)


async def _board(wanted: dict[str, Any], seen: Seen) -> list[str]:
    title = f"board of {wanted['target']}"
    ids = [await seen.customer(str(one)) for one in wanted["ranks"]]
    if not ids or None in ids:
        return [title, f"- {wanted['ranks']}", "+ some of them are no customers"]
    progress = await seen.get(f"/api/v1/customers/{ids[0]}/progress")
    found_ids = [
        (target["id"], period["id"])
        for group in progress["groups"]
        for target in group["targets"]
        if target["name"] == wanted["target"]
        for period in target["periods"]
        if period["refCode"] == str(wanted["period"])
    ]
    if not found_ids:
        return [title, f"- {wanted['ranks']}", "+ there is no such target or period"]
    target_id, period_id = found_ids[0]
    board = await seen.get(f"/api/v1/leaderboards/{target_id}?periodId={period_id}&top={len(ids)}")
    found = [place["customerId"] for place in (board or {"top": []})["top"]]
    return [] if found == ids else [title, f"- {ids}", f"+ {found}"]


def _differences(title: str, wanted: dict[str, Any], shown: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for key, value in wanted.items():
        if not _same(value, shown.get(key)):
            lines += [f"- {key}: {value}", f"+ {key}: {shown.get(key)}"]
    return [title, *lines] if lines else []


def _listed(kind: str, wanted: list[Any], shown: list[dict[str, Any]], compared: list[Any]) -> list[str]:
    """Return what is expected and is not listed; an empty list expects that nothing is listed."""
    if not wanted:
        return [kind, "- nothing", *(f"+ {one}" for one in shown)] if shown else []
    left = list(shown)
    missing = []
    for written, one in zip(wanted, compared, strict=True):
        found = next((item for item in left if _holds(item, one)), None)
        if found is None:
            missing.append(written)
        else:
            left.remove(found)
    return [kind, *(f"- {one}" for one in missing), *(f"+ {one}" for one in left)] if missing else []


def _holds(shown: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(shown, dict) and all(_holds(shown.get(key), value) for key, value in wanted.items())
    return _same(wanted, shown)


def _same(wanted: Any, shown: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(shown, bool) or wanted is None or shown is None:
        return wanted is shown
    if isinstance(wanted, int | Decimal):
        return Decimal(str(wanted)) == Decimal(str(shown))
    return str(wanted) == str(shown)


async def _by_id(wanted: list[Any], seen: Seen) -> list[Any]:
    """Return the expectations with the ids of the customers whom they name."""
    return [
        {**one, "customer": await seen.customer(str(one["customer"]))} if "customer" in one else one
        for one in wanted
        if isinstance(one, dict)
    ]
