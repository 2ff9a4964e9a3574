"""What random requests know by name: values of parameters and fields that are there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.api.client import json_of
from tests.api.queue_rules import add_dead_letter
from tests.api.user_rules import added_user
from tests.api.webhook_rules import SOUND as WEBHOOK_BODIES

if TYPE_CHECKING:
    from tests.api.random_stage import Stage


def _webhook(stage: "Stage") -> tuple[int, int]:
    """Add a webhook and a sample for it; return their ids."""
    add, path = stage.organisation.post, "/api/v1/webhooks"
    webhook = json_of(add(path, WEBHOOK_BODIES["POST", path]))["id"]
    return webhook, json_of(add(f"{path}/{webhook}/test", {}))["deliveryIds"][0]


def known_names(stage: "Stage", job: Any) -> dict[str, list[Any]]:
    """Return what is known, by the names that addresses and bodies have for it."""
    groups = [one["id"] for one in stage.groups]
    targets = [goal["id"] for one in stage.groups for goal in one["targets"]]
    periods = [period["id"] for one in stage.groups for period in one["periods"]]
    customers, external = stage.customers, ["anna", "bob", "cleo", "dora"]
    found: dict[str, list[Any]] = {}
    for values, names in (
        (groups, "group_id targetGroupId groupId"),
        (targets, "target_id target_rule_id targetId targetRuleId targetRuleIds"),
        (periods, "periodId"),
        (customers, "customer_id user_id customerId userId identifierValue"),
        (external, "externalId external_id userIdentifierValue"),
        ([*groups, *targets, *periods, *customers], "id"),
        ([stage.audience["id"]], "audience_id audienceGroupId"),
        ([stage.organisation.webhook_id], "webhook_id"),
        ([job], "job_id"),
        *(([id_], name) for id_, name in zip(_webhook(stage), ("endpoint_id", "delivery_id"), strict=True)),
        (["random"], "inspector_name"),
        (["test"], "source"),
        (["cleo bill"], "event_id"),
        (customers, "customer"),
        ([stage.own], "goal_id"),
        (["corrected"], "adjustment_id"),
        *_added(stage),
        ([stage.tried.backtest], "backtest_id"),
        ([stage.tried.version], "version other"),
        ([stage.pattern], "template"),
        (["January", "February"], "periodName refCode"),
        (["id", "externalId"], "identifierName userIdentifierType"),
        (["Run"], "event_name eventName"),
        (["true", "false"], "includeInactive includePeriods require-periods rawSideEffects includeSideEffects"),
        (["2026-01-20", "2026-02-10T10:00:00Z", "2020-01-01"], "trackingDate fromDate tillDate start-date"),
        (["1", "2", "10"], "limit pageSize top around"),
        (["0", "1"], "offset pageOffset"),
    ):
        found |= dict.fromkeys(names.split(), values)
    return found


def _added(stage: "Stage") -> Iterator[tuple[list[Any], str]]:
    """Add a person and a queue with a dead letter; yield their ids with their names."""
    yield [added_user(stage.organisation, "mira@brand.example", "Mira")["user"]["id"]], "person_id"
    queue_id, dead_letter_id = add_dead_letter(stage.organisation, "random")
    yield [queue_id], "queue_id"
    yield [dead_letter_id], "dead_letter_id"
