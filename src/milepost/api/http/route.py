"""What is told of a route in the document, where it reads raw bodies and writes exact numbers."""

from typing import Any, NamedTuple

from milepost.model.role import Role

JSON = "application/json"


class Body(NamedTuple):
    """What a route takes: shapes of which one is meant, whether several may come in a list, by which media types.

    `table` says what columns the same may come in as CSV.
    """

    shapes: tuple[Any, ...]
    alone: bool = True
    listed: bool = False
    types: tuple[str, ...] = (JSON,)
    by_line: str | None = None
    table: str | None = None


class Route(NamedTuple):
    """What a route takes and answers, which parameters and headers it reads by hand, and whom it is for.

    `needs` is the role that a login must have; None where nobody is asked who they are. `statuses` are those with which
    it refuses; `refused` are the shapes of a 400, if they are others than everywhere.
    """

    needs: Role | None
    answer: Any = None
    body: Body | None = None
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    refused: tuple[Any, ...] = ()
    statuses: tuple[str, ...] = ("400", "401", "413", "503")


READ, EVENTS, ADMIN = Role.READ, Role.EVENTS, Role.ADMIN

READING = ("400", "401", "503")
"""With what a route refuses that takes no body."""

TELLING = ("401", "503")
"""With what a route refuses that takes nothing at all, so that there is nothing to be wrong."""
