"""What the parameters of addresses name, for all who ask each route."""

PARAMETERS = {
    "group_id": "group",
    "target_id": "target",
    "target_rule_id": "target",
    "user_id": "customer",
    "customer_id": "customer",
    "audience_id": "audience",
    "job_id": "job",
    "goal_id": "goal",
    "webhook_id": "webhook",
    "endpoint_id": "endpoint",
    "delivery_id": "delivery",
    "inspector_name": "inspector",
    "source": "event source",
    "event_id": "event key",
}
"""What the parameters of addresses name."""
