"""The table of goals that customers set themselves."""

from milepost.model.definitions.customer_goal import CustomerGoal
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey


async def fresh_id(transaction: Transaction) -> int:
    """Return a new id for a goal."""
    row = await transaction.row("fresh_customer_goal_id")
    assert row is not None
    return int(row[0])


async def of_customer(transaction: Transaction, customer_key: CustomerKey) -> list[CustomerGoal]:
    """Return the goals of a customer, latest first, with cancelled goals."""
    values = {"bucket": customer_key.bucket, "org_id": customer_key.org_id, "customer_id": customer_key.customer_id}
    return [
        CustomerGoal(
            id=goal_id,
            template_id=template_id,
            target_id=target_id,
            name=name,
            made_at=made_at,
            changed_at=changed_at,
            cancelled_at=cancelled_at,
        )
        for goal_id, template_id, target_id, name, made_at, changed_at, cancelled_at in await transaction.rows(
            "customer_goals", values
        )
    ]


async def delete_all(transaction: Transaction, customer_key: CustomerKey) -> None:
    """Delete the goals of a customer after they were moved to the survivor of a merge."""
    await transaction.run("delete_customer_goals", customer_key._asdict())


async def save(transaction: Transaction, customer_key: CustomerKey, goal: CustomerGoal) -> None:
    """Add *goal*, or replace the goal with the same id."""
    await transaction.run(
        "save_customer_goal",
        {
            "bucket": customer_key.bucket,
            "org_id": customer_key.org_id,
            "customer_id": customer_key.customer_id,
            "goal_id": goal.id,
            "template_id": goal.template_id,
            "target_id": goal.target_id,
            "name": goal.name,
            "made_at": goal.made_at,
            "changed_at": goal.changed_at,
            "cancelled_at": goal.cancelled_at,
        },
    )
