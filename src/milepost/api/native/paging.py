"""Pages of our own lists: a limit and a cursor, and what is wrong with them."""

from milepost.api.http.body import id_of
from milepost.model.problem import Problem, Refused

PAGE_MAX = 200
_BUCKET_MAX = 2**31 - 1


def after_id(cursor: str, limit: int) -> int:
    """Return the id after which a page begins, 0 at the beginning; raises Refused."""
    after = id_of(cursor) if cursor else 0
    _refuse(limit, known=after is not None)
    return after or 0


def after_customer(cursor: str, limit: int) -> tuple[int, int]:
    """Return the customer, by bucket and id, after whom a page begins; raises Refused."""
    if not cursor:
        _refuse(limit, known=True)
        return -1, 0
    bucket, customer_id = (id_of(part) for part in (*cursor.split("-"), "")[:2])
    if bucket is None or customer_id is None or bucket > _BUCKET_MAX:
        _refuse(limit, known=False)
    assert bucket is not None
    assert customer_id is not None
    _refuse(limit, known=True)
    return bucket, customer_id


def _refuse(limit: int, *, known: bool) -> None:
    problems = []
    if not 1 <= limit <= PAGE_MAX:
        problems.append(Problem("limit", f"must be from 1 to {PAGE_MAX}"))
    if not known:
        problems.append(Problem("cursor", "is none that was given"))
    if problems:
        raise Refused(*problems)
