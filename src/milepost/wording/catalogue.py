"""Sentences by key, in English and German, with numbers, dates and lists as each language writes them."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import cast

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_decimal

from milepost.model.time import SECOND_US, Micros

Phrase = str | Mapping[str, str]
"""A sentence with `{parameters}`, or one for each plural form, chosen by the parameter `count`."""

Parameter = str | int | Decimal | date | tuple[str, ...]
"""A value in a sentence: a text, a number, an amount, a day, an instant in local time (`datetime`), or a list."""


class Language(Enum):
    """A language of the sentences; the value is its code in requests."""

    ENGLISH = "en"
    GERMAN = "de"


@cache
def catalogue(language: Language) -> Mapping[str, Phrase]:
    """Return all sentences of *language* by key, such as `reason.TOO_LATE`."""
    text = files("milepost.wording").joinpath(f"{language.name.lower()}.toml").read_text(encoding="utf-8")
    sections = cast("dict[str, dict[str, Phrase]]", tomllib.loads(text))
    return {f"{section}.{key}": phrase for section, phrases in sections.items() for key, phrase in phrases.items()}


def has(language: Language, key: str) -> bool:
    """Whether there is a sentence with this *key*."""
    return key in catalogue(language)


def say(language: Language, key: str, **parameters: Parameter) -> str:
    """Return the sentence of *key* with *parameters*; a parameter that the sentence does not name is left out."""
    phrase = catalogue(language)[key]
    if not isinstance(phrase, str):
        count = parameters["count"]
        assert isinstance(count, int), "plurals are chosen by a whole number"
        phrase = phrase[_locale(language).plural_form(count)]
    return phrase.format_map({name: written(language, value) for name, value in parameters.items()})


def written(language: Language, value: Parameter) -> str:
    """Return *value* as *language* writes it."""
    locale = _locale(language)
    match value:
        case str():
            return value
        case int() | Decimal():
            return format_decimal(value, locale=locale, decimal_quantization=False)
        case datetime():
            day = format_date(value, format="long", locale=locale)
            return say(language, "date.instant", date=day, time=format_time(value, format="HH:mm", locale=locale))
        case date():
            return format_date(value, format="long", locale=locale)
        case tuple():
            return format_list(value, locale=locale) if value else ""


def money(language: Language, amount: Decimal) -> str:
    """Return *amount* with two decimals at least, unless it is whole."""
    whole = amount == amount.to_integral_value()
    pattern = "#,##0" if whole else "#,##0.00##"
    return format_decimal(amount, format=pattern, locale=_locale(language))


def any_of(language: Language, options: tuple[str, ...]) -> str:
    """Return *options* as alternatives: a, b or c."""
    return format_list(options, style="or", locale=_locale(language)) if options else ""


def day_of(ordinal: int) -> date:
    """Return the day with this proleptic ordinal as a parameter of a sentence."""
    return date.fromordinal(ordinal)


def local_instant(iso: str) -> datetime:
    """Return a local time, as a calendar writes it in ISO form, as a parameter of a sentence."""
    return datetime.fromisoformat(iso)


def last_instant(closes_at: Micros) -> Micros:
    """Return the last whole second of a span that ends at *closes_at*, to name its last day."""
    return Micros(closes_at - SECOND_US)


def upper_first(text: str) -> str:
    """Return *text* with a capital at its beginning."""
    return text[:1].upper() + text[1:]


@cache
def _locale(language: Language) -> Locale:
    return Locale("en", "GB") if language is Language.ENGLISH else Locale("de", "DE")
