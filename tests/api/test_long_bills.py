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


def test_an_organisation_holds_so_many_patterns_and_no_more(organisation: OrganisationClient) -> None:
    """In all of its target groups together: a bill is asked by each of them. Deleting a group makes room."""
    sixteen = " || ".join(["currentTxn.basketCountRegex('brand','^N')>0"] * 16)
    first, *_ = [organisation.define(group(target(expression=sixteen), name=f"group {n}")) for n in range(12)]
    one_more = group(target(expression=sixteen), name="second")
    refused = organisation.post("/v3/targetGroups", one_more)
    assert 400 == refused.status_code
    assert "targets: hold 16 patterns" in refused.text
    assert "of other target groups hold 192; there may be at most 200 in an organisation" in refused.text
    organisation.define(group(target(expression="currentTxn.basketCountRegex('brand','^N')>0"), name="third"))
    assert 200 == organisation.send("DELETE", f"/v3/targetGroups/{first['id']}").status_code
    organisation.define(one_more)
