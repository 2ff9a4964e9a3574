"""The id of the request that is being answered, so that what it causes can name it."""

from contextvars import ContextVar

REQUEST_ID_CHARACTERS_MAX = 128

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
"""Set for each request by `api/http/request_id.py`; empty where no request is answered, as in a worker."""
