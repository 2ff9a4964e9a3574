"""A bill with thousands of lines and many conditions keeps no other request waiting."""

import asyncio

from milepost.api.http.body import write_json
from tests.api.client import PASSWORD, ApiClient, OrganisationClient
from tests.api.client_forms import bill, group, line, target

PATTERNS = " || ".join(f"basketCountRegex('description','^x{number}.*[a-f]+$')>0" for number in range(12))
LINES = 4_999


def test_a_long_bill_is_applied_beside_the_event_loop(front: ApiClient, organisation: OrganisationClient) -> None:
    """The event loop goes on meanwhile, and the bill counts."""
    organisation.define(group(target(expression=f"currentTxn.{PATTERNS.replace(' || ', ' || currentTxn.')}")))
    lines = [line(code=f"a{number}", description=f"milk {number}", netAmount=1) for number in range(LINES)]
    body = write_json(bill(LINES, lines=tuple(lines)))
    gaps: list[float] = []

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.005)
            gaps.append(loop.time() - before)

    async def send() -> str:
        async with front.client(auth=(organisation.till_code, PASSWORD)) as client:
            ticking = asyncio.create_task(tick())
            answered = await client.post("/api/v1/events", content=body)
            ticking.cancel()
            return answered.text

    assert '"status":"applied"' in front.run(send)
    assert len(gaps) > 5, gaps
