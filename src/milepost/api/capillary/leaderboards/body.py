"""The boards that a request for a customer's ranks lists (facts 3.7)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from msgspec import Struct

from milepost.api.capillary.document import id_or_none
from milepost.api.http.body import ID_MAX
from milepost.api.http.unknown_fields import unknown_fields
from milepost.model.problem import Problem, Refused
from milepost.service.organisations.scopes import outside_the_family

RANKS_MAX = 25
RANK_FIELDS = ("orgId", "targetGroupId", "targetRuleId", "periodId")


class RankBody(Struct, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A board on which a customer's rank is wanted; without a period, the board of the running period."""

    target_group_id: int
    target_rule_id: int
    org_id: int | None = None
    period_id: int | None = None


class RankQuery(NamedTuple):
    """The ids of a board; without a period, the board of the running period."""

    group_id: int
    target_id: int
    period_id: int | None


def read_rank_queries(value: Any, org_ids: AbstractSet[int]) -> tuple[list[RankQuery], list[str]]:
    """Return the boards that a body lists, and warnings; raises Refused.

    An organisation that an item names must be among *org_ids*, the organisations that the request is about.
    """
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise Refused(Problem("", "the body must be a list of objects with targetGroupId and targetRuleId"))
    problems: list[Problem] = []
    queries: list[RankQuery] = []
    for place, item in enumerate(value[:RANKS_MAX]):
        problems += unknown_fields(item, RANK_FIELDS, f"[{place}].")
        org_id = id_or_none(item.get("orgId"))
        if org_id is not None and not (isinstance(org_id, int) and org_id in org_ids):
            problems.append(outside_the_family(f"[{place}].orgId", org_id))
        group_id, target_id, period_id = (_id(f"[{place}].{name}", item, name, problems) for name in RANK_FIELDS[1:])
        if group_id is not None and target_id is not None:
            queries.append(RankQuery(group_id, target_id, period_id))
    if problems:
        raise Refused(*problems)
    too_many = len(value) > RANKS_MAX
    return queries, [f"Only the first {RANKS_MAX} target rules are considered"] if too_many else []


def _id(path: str, item: Mapping[str, Any], name: str, problems: list[Problem]) -> int | None:
    value = item.get(name)
    if name == "periodId" and id_or_none(value) is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= ID_MAX:
        return value
    problems.append(Problem(path, "must be an id"))
    return None
