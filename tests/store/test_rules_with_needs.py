"""Rules that ask of the past, with the past where it is kept: counted once, and replayed to the same bytes."""

from milepost.model.standing import Entry
from milepost.store import customers
from tests.store.fixtures_db import HOUR, NOW, House, define_asking, run_on_servers

DAY = 24 * HOUR
ASKING = "currentCustomer.targetAchievedInPeriod('SALES','January')>=20 && currentCustomer.numberOfVisits>=2"


def test_ended_periods_are_read_from_the_history_and_stay_there(database_url: str) -> None:
    """Bills of March ask for January's value, which left the standing weeks ago; the log leads to what is stored."""

    async def life(house: House) -> tuple[list[tuple[Entry, ...]], int, bool]:
        group = await define_asking(house, ASKING)
        days = (0, 1, 30, 45, 46)
        answers = [
            (await house.servers[number % 2].lanes.receive([house.bill(f"a{number}", at=NOW + day * DAY)]))[0]
            for number, day in enumerate(days)
        ]
        asked = [tuple(e for e in answer.entries if e.target_id == group.targets[0].id) for answer in answers]
        async with house.database.transaction() as transaction:
            _, history = await customers.stored_bytes(transaction, await house.customer_key())
        return asked, len(history), await house.disagreeing() == []

    asked, settled, agrees = run_on_servers(database_url, life)
    assert [len(entries) for entries in asked] == [0, 0, 1, 1, 1]
    assert agrees
    assert settled > 0
