"""A server is killed again and again while a till sends; whatever it confirmed is there, once (R01)."""

import time
from random import Random

import psycopg
import pytest

from tests.cli.insistent_till import BATCH, InsistentTill, differing, kill, let_till_in, serve_at, stored_ids
from tests.store.cutting_proxy import free_port

KILLS = [2, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_server_loses_and_doubles_nothing(database_url: str, kills: int) -> None:
    """Everything confirmed is stored once and counted once; a row that is taken away by hand is noticed."""
    let_till_in(database_url)
    port, chance = free_port(), Random(7)
    till = InsistentTill(f"http://127.0.0.1:{port}")
    till.start()
    for _ in range(kills):
        process = serve_at(database_url, port)
        time.sleep(chance.uniform(0.1, 0.6))
        kill(process)
    process = serve_at(database_url, port)
    time.sleep(1)
    till.ends.set()
    till.join(30)
    kill(process)
    stored = stored_ids(database_url)
    assert (set(), len(set(stored))) == (till.confirmed - set(stored), len(stored))
    assert kills <= till.repeated
    assert BATCH * kills <= len(till.confirmed)
    assert 0 == differing(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("delete from event where event_id = %s", [min(till.confirmed)])
    assert {min(till.confirmed)} == till.confirmed - set(stored_ids(database_url))
    assert 1 == differing(database_url)
