"""Sentences: complete in both languages, and the rule of every kind of target in words."""

import re
from decimal import Decimal

import pytest
from hypothesis import given

from milepost import language
from milepost.language.profiles.profile import Function
from milepost.language.vocabulary import IN_SCOPE, OPERATIONS
from milepost.model.progress.explanation import NotCountedReason
from milepost.rules.calendar import calendar_of
from milepost.wording.catalogue import Language, Phrase, catalogue, money, say, written
from milepost.wording.conditions import clause
from milepost.wording.targets import rule_in_words
from tests.core.sample_shop import GROUP
from tests.laws.random_expressions import rules

EN, DE = Language.ENGLISH, Language.GERMAN


def forms(phrase: Phrase) -> list[str]:
    """Return the texts of a sentence, one for each plural form."""
    return [phrase] if isinstance(phrase, str) else list(phrase.values())


def parameters(phrase: Phrase) -> set[str]:
    """Return what a sentence names, whatever its plural form."""
    return {name for form in forms(phrase) for name in re.findall(r"{(\w+)}", form)}


def test_both_languages_have_each_sentence_with_the_same_parameters() -> None:
    """What can be said in one language can be said in the other."""
    english = {key: parameters(phrase) for key, phrase in catalogue(EN).items()}
    german = {key: parameters(phrase) for key, phrase in catalogue(DE).items()}

    assert english == german


def test_every_word_of_the_vocabulary_can_be_said() -> None:
    """A condition never falls back to its code."""
    words = {
        f"function.{name}" if isinstance(known, Function) else f"attribute.{owner}-{name}"
        for profiles in IN_SCOPE.values()
        for owner, profile in profiles.items()
        for name, known in (*profile.attributes.items(), *profile.functions.items())
    }

    assert set() == (words | {f"function.{name}" for name in OPERATIONS}) - catalogue(EN).keys()


def test_every_reason_can_be_said() -> None:
    """No code is without its sentence."""
    assert set() == {f"reason.{reason.value}" for reason in NotCountedReason} - catalogue(EN).keys()


@pytest.mark.parametrize(
    "of, expected",
    [
        (EN, "the net amount of the bill is at least 20 and the customer’s tier is “gold”"),
        (DE, "der Nettobetrag des Bons mindestens 20 ist und die Stufe des Kunden gleich „gold“ ist"),
    ],
)
def test_a_condition_reads_as_a_sentence(of: Language, expected: str) -> None:
    """A marketer understands what was typed."""
    tree = language.read('currentTxn.value>=20 && currentCustomer.slabName=="gold"')

    assert expected == clause(of, tree)


@given(rules)
def test_every_condition_can_be_said(rule: tuple[language.Scope, language.Expression]) -> None:
    """Whatever passes the check has words in both languages."""
    for of in Language:
        assert clause(of, rule[1])


@pytest.mark.parametrize(
    "of, amount, expected",
    [
        (EN, "1234.5", "1,234.50"),
        (DE, "1234.5", "1.234,50"),
        (DE, "0.0625", "0,0625"),
        (EN, "200", "200"),
        (EN, "-3.1", "-3.10"),
    ],
)
def test_amounts_are_written_as_the_language_writes_them(of: Language, amount: str, expected: str) -> None:
    """An amount is exact, with two decimals at least."""
    assert expected == money(of, Decimal(amount))


def test_plurals_follow_the_count() -> None:
    """One is not many."""
    assert "2 events did not count:" == say(EN, "answer.not_counted", count=2)
    assert "Ein Ereignis zählte nicht:" == say(DE, "answer.not_counted", count=1)
    assert "a, b and c" == written(EN, ("a", "b", "c"))


def test_the_rule_of_a_target_is_one_sentence() -> None:
    """It says what counts, when, and towards which goal."""
    sentence = rule_in_words(EN, GROUP, GROUP.targets[0], calendar_of("UTC"))

    assert sentence == sentence.strip()
    assert sentence.endswith(".")
