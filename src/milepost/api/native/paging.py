"""Pages of our own lists: reading a limit and a cursor, and cutting a page from rows."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from milepost.api.http.body import id_of
from milepost.api.native.answer import Page
from milepost.model.problem import Problem, Refused

PAGE_MAX = 200
_BUCKET_MAX = 2**31 - 1

Row = TypeVar("Row")
Item = TypeVar("Item")


def page_of(
    rows: Sequence[Row], limit: int, item: Callable[[Row], Item], cursor: Callable[[Row], object]
) -> Page[Item]:
    """Return the first *limit* of *rows* as a page.

    There is a next page if there are more *rows* than that, so callers read one more than *limit*. Its cursor is the
    *cursor* of the last row shown.
    """
    shown = rows[:limit]
    return Page([item(row) for row in shown], str(cursor(shown[-1])) if len(rows) > limit else None)


def page_by_key(
    rows: Sequence[Row], key: Callable[[Row], str], item: Callable[[Row], Item], cursor: str, limit: int
) -> Page[Item]:
    """Return the page of *rows*, ordered by *key*, after the key *cursor*; raises Refused for a bad *limit*."""
    check_page(limit)
    return page_of(sorted((row for row in rows if key(row) > cursor), key=key), limit, item, key)


def after_id(cursor: str, limit: int, *, first: int = 0) -> int:
    """Return the id that *cursor* is, *first* if it is empty; raises Refused for a bad cursor or *limit*."""
    after = id_of(cursor) if cursor else first
    check_page(limit, is_cursor=after is not None)
    assert after is not None
    return after


def after_customer(cursor: str, limit: int) -> tuple[int, int]:
    """Return the bucket and id of the customer in *cursor*, after which a page begins; raises Refused.

    A cursor is both numbers with a hyphen between them, such as `17-4711`; an empty one means the first page.
    """
    if not cursor:
        check_page(limit)
        return -1, 0
    bucket, customer_id = (id_of(part) for part in (*cursor.split("-"), "")[:2])
    is_cursor = bucket is not None and customer_id is not None and bucket <= _BUCKET_MAX
    check_page(limit, is_cursor=is_cursor)
    assert bucket is not None
    assert customer_id is not None
    return bucket, customer_id


def check_page(limit: int, *, is_cursor: bool = True) -> None:
    """Raise Refused if *limit* is out of bounds or the cursor is not one of ours."""
    problems = []
    if not 1 <= limit <= PAGE_MAX:
        problems.append(Problem("limit", f"must be from 1 to {PAGE_MAX}"))
    if not is_cursor:
        problems.append(Problem("cursor", "must be the nextCursor of an earlier answer"))
    if problems:
        raise Refused(*problems)
