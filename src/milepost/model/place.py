"""Where an event happened."""

from typing import NamedTuple


class Place(NamedTuple):
    """Where an event happened: the till, store, zone and concept as they were when the event was applied."""

    till_id: int | None
    store_id: int | None
    store_code: str
    store_name: str
    zone_id: int | None
    concept_id: int | None


NOWHERE = Place(till_id=None, store_id=None, store_code="", store_name="", zone_id=None, concept_id=None)
