"""Which measures there are, what they need besides their type, and what is not counted yet."""

from dataclasses import replace
from typing import Any

import pytest

from milepost.model.organisation import RULES_LATEST
from milepost.model.problem import Problem
from milepost.model.target import (
    Entity,
    Kpi,
    Tracking,
    WindowKind,
)
from milepost.rules.compiled.measure import line_reading, reading
from milepost.rules.definition.draft import MetadataDraft, TargetDraft, WindowDraft
from milepost.rules.definition.pairs import has_meaning, is_accepted
from milepost.rules.definition.unsupported import unsupported_features
from tests.core.sample_drafts import GROUP, SPEND, found, group, made, with_target

T = "targets[0]"
FIELD = MetadataDraft(name="points")
COIN = MetadataDraft(program_id=46, currency="0nzyDx")

MEANT = {
    Entity.TRANSACTION: "SALES GROSS_SALES COUNT VISIT QUANTITY EXTENDED_FIELD",
    Entity.LINEITEM: "SALES GROSS_SALES QUANTITY COUNT EXTENDED_FIELD",
    Entity.EVENT: "COUNT VISIT EVENT_ATTRIBUTE",
    Entity.REWARDS: "REGULAR_POINTS PROMOTIONAL_POINTS ALL_POINTS",
    Entity.POINTS: "REGULAR_POINTS PROMOTIONAL_POINTS ALL_POINTS",
    Entity.ALTERNATE_CURRENCIES: "ALL REGULAR PROMOTION PROMOTIONAL",
}


def pair(entity: Entity, kpi: Kpi, metadata: MetadataDraft | None) -> TargetDraft:
    """Return a target of *entity* and *kpi*."""
    return replace(SPEND, entity=entity, kpi=kpi, metadata=metadata)


@pytest.mark.parametrize("entity", Entity)
def test_the_table_of_entities_and_types(entity: Entity) -> None:
    """Each entity has the types that facts 4.2 lists, and the one odd pair that was published."""
    meant = {kpi.value for kpi in Kpi if has_meaning(entity, kpi)}
    accepted = {kpi.value for kpi in Kpi if is_accepted(entity, kpi)}
    odd = {"ALL"} if entity is Entity.TRANSACTION else set()
    assert (meant, accepted - meant) == (set(MEANT[entity].split()), odd)


@pytest.mark.parametrize("entity", Entity)
def test_each_pair_is_read(entity: Entity) -> None:
    """What a definition may ask for, and means something, is read from events."""
    metadata = MetadataDraft(name="points", program_id=46, currency="0nzyDx")
    for kpi in (kpi for kpi in Kpi if has_meaning(entity, kpi)):
        target = made(with_target(entity=entity, kpi=kpi, metadata=metadata)).targets[0]
        read = line_reading(target, RULES_LATEST) if entity is Entity.LINEITEM else reading(target, RULES_LATEST)
        assert (kpi, True) == (kpi, read is not None)


@pytest.mark.parametrize(
    "entity, kpi",
    [
        (Entity.EVENT, Kpi.SALES),
        (Entity.ALTERNATE_CURRENCIES, Kpi.SALES),
        (Entity.LINEITEM, Kpi.VISIT),
        (Entity.REWARDS, Kpi.ALL),
    ],
)
def test_a_pair_never_seen_has_the_vendors_code(entity: Entity, kpi: Kpi) -> None:
    """The vendor's own code and words for a type that the entity does not have."""
    expected = Problem(f"{T}.targetType", "Invalid target entity and target type combination", 310033)
    assert found(group(targets=(pair(entity, kpi, COIN),))) == (expected,)


def test_an_odd_pair_is_stored_and_says_that_it_counts_nothing() -> None:
    """Bills measured by ALL were published, so they are accepted, but nothing is counted for them."""
    draft = with_target(kpi=Kpi.ALL)
    assert found(draft) == ()
    assert [sentence for sentence in unsupported_features(made(draft)) if "ALL of TRANSACTION" in sentence] != []


@pytest.mark.parametrize(
    "draft, code",
    [
        (pair(Entity.TRANSACTION, Kpi.EXTENDED_FIELD, None), 310094),
        (pair(Entity.LINEITEM, Kpi.EXTENDED_FIELD, None), 310094),
        (pair(Entity.EVENT, Kpi.EVENT_ATTRIBUTE, None), 310094),
        (pair(Entity.ALTERNATE_CURRENCIES, Kpi.ALL, None), 310094),
        (pair(Entity.TRANSACTION, Kpi.EXTENDED_FIELD, MetadataDraft()), 310092),
        (pair(Entity.EVENT, Kpi.EVENT_ATTRIBUTE, MetadataDraft(name=" ")), 310092),
        (pair(Entity.ALTERNATE_CURRENCIES, Kpi.ALL, replace(COIN, program_id=None)), 310146),
        (pair(Entity.ALTERNATE_CURRENCIES, Kpi.ALL, replace(COIN, program_id=0)), 310146),
        (pair(Entity.ALTERNATE_CURRENCIES, Kpi.ALL, replace(COIN, currency=None)), 310147),
        (pair(Entity.ALTERNATE_CURRENCIES, Kpi.ALL, replace(COIN, currency="")), 310147),
    ],
)
def test_missing_metadata_has_the_vendors_codes(draft: TargetDraft, code: int) -> None:
    """Each missing part of what a measure needs has its own code."""
    assert [problem.code for problem in found(group(targets=(draft,)))] == [code]


def test_the_vendors_words_for_missing_metadata() -> None:
    """The messages of S0's samples, letter by letter."""
    bare = found(group(targets=(pair(Entity.ALTERNATE_CURRENCIES, Kpi.ALL, None),)))
    empty = found(group(targets=(pair(Entity.ALTERNATE_CURRENCIES, Kpi.ALL, MetadataDraft()),)))
    assert [problem.reason for problem in bare + empty] == [
        "Target rule metadata is required in case of EXTENDED_FIELD/ALTERNATE_CURRENCIES target type",
        "Invalid program id",
        "Invalid or null Alternate Currency Identifier for target rule",
    ]


def test_metadata_that_the_type_ignores_may_be_anything() -> None:
    """A count with an extended field named, as S1 sends it, is accepted and kept."""
    draft = with_target(entity=Entity.EVENT, kpi=Kpi.COUNT, metadata=MetadataDraft(name="points"))
    metadata = made(draft).targets[0].metadata
    assert metadata is not None
    assert (found(draft), metadata.name) == ((), "points")


@pytest.mark.parametrize(
    "window, expected",
    [
        (WindowDraft(kind=WindowKind.MAX, unit="DAY", value="1"), []),
        (WindowDraft(kind=WindowKind.MAX, unit="DAY", value="2"), ["windowValue"]),
        (WindowDraft(), ["windowType", "windowTimeUnit", "windowValue"]),
    ],
)
def test_an_aggregate_window_is_one_day(window: WindowDraft, expected: list[str]) -> None:
    """The highest or lowest value of one day is all that a window can be."""
    draft = group(targets=(pair(Entity.EVENT, Kpi.EVENT_ATTRIBUTE, replace(FIELD, window=window)),))
    assert [problem.path for problem in found(draft)] == [
        f"{T}.extendedFieldInfo.aggregateWindow.{name}" for name in expected
    ]


@pytest.mark.parametrize(
    "tracking, entity, expected",
    [
        (Tracking.DEFAULT, Entity.TRANSACTION, (True, False)),
        (Tracking.DEFAULT, Entity.LINEITEM, (True, True)),
        (Tracking.DEFAULT, Entity.ALTERNATE_CURRENCIES, (False, False)),
        (Tracking.CAPPING, Entity.TRANSACTION, (False, False)),
    ],
)
def test_rule_sets_are_numbered_where_the_vendor_shows_them(
    tracking: Tracking, entity: Entity, expected: tuple[bool, bool]
) -> None:
    """Currencies and caps have none; line items have a second one, one below."""
    kpi = Kpi.ALL if entity is Entity.ALTERNATE_CURRENCIES else Kpi.SALES
    target = made(group(tracking=tracking, targets=(pair(entity, kpi, COIN),))).targets[0]
    assert (target.rule_set_id is not None, target.unrolled_rule_set_id is not None) == expected
    if target.unrolled_rule_set_id is not None:
        assert target.unrolled_rule_set_id + 1 == target.rule_set_id


@pytest.mark.parametrize(
    "draft, said",
    [
        (with_target(event_name="spinTheWheel"), "TRANSACTION on the event spinTheWheel"),
        (group(targets=(pair(Entity.EVENT, Kpi.EVENT_ATTRIBUTE, FIELD),)), "an attribute of the event TransactionAdd"),
    ],
)
def test_what_cannot_be_evaluated_yet_says_so(draft: Any, said: str) -> None:
    """A group that counts nothing yet names the reason, and is stored all the same."""
    assert found(draft) == ()
    (sentence,) = unsupported_features(made(draft))
    assert said in sentence


def test_what_can_be_evaluated_says_nothing() -> None:
    """A single target on the calendar needs no warning."""
    assert unsupported_features(made(GROUP)) == ()
