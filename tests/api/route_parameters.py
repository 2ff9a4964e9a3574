"""What the parameters of addresses name."""

from tests.api import queue_rules

PARAMETERS = {
    "group_id": "group",
    "target_id": "target",
    "target_rule_id": "target",
    "user_id": "customer",
    "customer_id": "customer",
    "audience_id": "audience",
    "job_id": "job",
    "goal_id": "goal",
    "adjustment_id": "adjustment",
    "webhook_id": "webhook",
    "endpoint_id": "endpoint",
    "delivery_id": "delivery",
    "inspector_name": "inspector",
    "person_id": "person",
    "source": "event source",
    "event_id": "event key",
    **queue_rules.PARAMETERS,
    "backtest_id": "backtest",
    "version": "group version",
    "other": "group version",
}
