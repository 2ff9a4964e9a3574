"""The request that is being answered: its id, so that what it causes can name it, and whose rows it may see."""

from contextlib import AbstractContextManager
from contextvars import ContextVar

from milepost.store.sql.visibility import NONE, see_organisations, seeing

REQUEST_ID_CHARACTERS_MAX = 128

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
"""Set for each request by `api/http/request_id.py`; empty where no request is answered, as in a worker."""


def without_organisation() -> AbstractContextManager[None]:
    """See no rows of any organisation within the block, until its caller is known."""
    return seeing(NONE)


def answer_for(*org_ids: int) -> None:
    """See the rows of these organisations from now on, and no others (decision 0046)."""
    see_organisations(org_ids)
