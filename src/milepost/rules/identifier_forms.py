"""The one form of an identifier: texts that look alike name one customer (facts 8 #70)."""

from functools import lru_cache
from unicodedata import normalize

from milepost.model.customer import Identifier, IdentifierKind

NUMBERS_REMEMBERED_MAX = 10_000


def form_of(identifier: Identifier, phone_region: str | None) -> Identifier:
    """Return *identifier* in the form in which it is stored and compared.

    Accents are composed (NFC) and outer blanks cut. A mobile number has the form of E.164, such as +491711234567, if
    the organisation has a *phone_region*, whose numbers may lack a country code; what is no number stays as it is.
    """
    kind, value = identifier
    form = value.strip()
    if not form.isascii():
        form = normalize("NFC", form)
    if phone_region is not None and kind is IdentifierKind.MOBILE:
        form = _international(form, phone_region)
    return identifier if form == value else Identifier(kind, form or value)


def is_phone_region(text: str) -> bool:
    """Whether *text* is the code of a country whose numbering plan is known, such as DE."""
    import phonenumbers  # here, because it takes time that most commands do not need

    return text in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=NUMBERS_REMEMBERED_MAX)
def _international(text: str, region: str) -> str:
    """Return the number in *text* with its country code; *text* itself if it is no number of full length."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
        if text.isdigit() and phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
            # Many systems write the country code without a sign, as the vendor does: 491712345678.
            with_code = phonenumbers.parse(f"+{text}")
            number = with_code if phonenumbers.is_valid_number_for_region(with_code, region) else number
    except phonenumbers.NumberParseException:
        return text
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
