"""What plain SQL finds in the real bills is what a webhook is told: each achievement under one id, and no other."""

import pytest

from tests.oracle.delivered_achievements import delivered, differences, happened
from tests.oracle.expected_progress import expected

SIZES = [
    pytest.param(2, id="small", marks=pytest.mark.timeout(240)),
    pytest.param(100, id="large", marks=[pytest.mark.slow, pytest.mark.timeout(1_800)]),
]


@pytest.mark.parametrize("households", SIZES)
def test_achievements_of_real_bills_arrive(households: int) -> None:
    """Each arrives under one id, although the receiver fails now and then; `dev.py oracle --delivered` asks all.

    Negative controls: a message that is withheld, one that tells of another household, and a second id are seen.
    """
    wanted, arrived = happened(expected(households)), delivered(households)

    assert len(wanted) > 30 * households
    assert [] == differences(wanted, arrived)
    id_, body = arrived.popitem()
    assert 1 == len(differences(wanted, arrived))
    invented = body.replace(b'"externalId":"', b'"externalId":"9', 1)
    assert body != invented
    assert 2 == len(differences(wanted, {**arrived, id_: invented}))
    assert 1 == len(differences(wanted, {**arrived, id_: body, "another id": body}))
