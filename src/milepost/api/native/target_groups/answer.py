"""What is answered when stored events are counted."""

from msgspec import Struct


class CountingItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """How many of the named customers an event counted for; for all customers, the job `/api/v1/jobs/{jobId}`."""

    job_id: int | None
    concerned: int | None
