"""Goals that customers set themselves."""

from milepost.model.own_goal import CustomerGoal
from milepost.store.database import Transaction
from milepost.store.log import Who


async def fresh_id(transaction: Transaction) -> int:
    """Give the id of a goal to be set."""
    row = await transaction.row("fresh_customer_goal_id")
    assert row is not None
    return int(row[0])


async def of_customer(transaction: Transaction, who: Who) -> list[CustomerGoal]:
    """Give the goals that a customer set, latest first, also those that were cancelled."""
    values = {"bucket": who.bucket, "org_id": who.org_id, "customer_id": who.customer_id}
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


async def drop(transaction: Transaction, who: Who) -> None:
    """Drop the goals of a customer, which are another's now."""
    await transaction.run("drop_customer_goals", who._asdict())


async def keep(transaction: Transaction, who: Who, goal: CustomerGoal) -> None:
    """Write *goal* as it is now."""
    await transaction.run(
        "keep_customer_goal",
        {
            "bucket": who.bucket,
            "org_id": who.org_id,
            "customer_id": who.customer_id,
            "goal_id": goal.id,
            "template_id": goal.template_id,
            "target_id": goal.target_id,
            "name": goal.name,
            "made_at": goal.made_at,
            "changed_at": goal.changed_at,
            "cancelled_at": goal.cancelled_at,
        },
    )
