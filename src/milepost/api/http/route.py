"""What the OpenAPI document says of a route. FastAPI cannot know it: handlers read raw bodies and write raw JSON."""

from typing import Any, NamedTuple

from milepost.model.access.role import Role

JSON = "application/json"


class Body(NamedTuple):
    """The body that a route takes.

    It has one of *shapes*: *alone*, or, if *listed*, as a list of them; *types* are its media types. *by_line* is the
    media type for one JSON object on each line. *table* describes the columns if the body may be CSV, and
    *table_example* shows such a file.
    """

    shapes: tuple[Any, ...]
    alone: bool = True
    listed: bool = False
    types: tuple[str, ...] = (JSON,)
    by_line: str | None = None
    table: str | None = None
    table_example: str | None = None


class Route(NamedTuple):
    """The role, answer and body of a route, and the parameters and headers that its handler reads by itself.

    `needs` is the role that a login must have; None where the route needs no login. `statuses` are the HTTP statuses of
    its refusals; `refused` are the shapes of a 400 where they differ from the usual one. With `any_query` every other
    parameter has a meaning too. `success` is the status of the answer. `media` is the media type of an answer that is a
    file and no JSON. A route that `is_hot` is called without FastAPI's machinery (`hot_routes`).
    """

    needs: Role | None
    answer: Any = None
    body: Body | None = None
    query: tuple[str, ...] = ()
    any_query: bool = False
    headers: tuple[str, ...] = ()
    refused: tuple[Any, ...] = ()
    statuses: tuple[str, ...] = ("400", "401", "413", "503")
    success: str = "200"
    media: str | None = None
    is_hot: bool = False


READ, EVENTS, ADMIN = Role.READ, Role.EVENTS, Role.ADMIN

READING = ("400", "401", "503")
"""Statuses of a route that reads parameters but no body."""

TELLING = ("401", "503")
"""Statuses of a route of the vendor's API that reads nothing, so that nothing can be wrong with it."""

READING_ONE = ("400", "401", "404", "503")
"""Statuses of a route of our own that reads one customer of the path; 400 is for parameters that nobody knows."""

CHANGING_ONE = ("400", "401", "404", "409", "413", "503")
"""Statuses of a route that changes one customer of the path; the body's id makes it safe to repeat."""
