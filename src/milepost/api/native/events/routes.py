"""`POST /api/v1/events`: one event, an array, or one a line; answered item by item after the commit."""

import msgspec
from fastapi import APIRouter, Request
from msgspec import Raw, Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import BATCH_BYTES_MAX, DEPTH_MAX, JsonResponse, Number, number, read_body
from milepost.api.native.events.body import PAYLOAD_BODIES, EventBody
from milepost.api.native.events.incoming_event import offer_of
from milepost.api.native.structure import structure_problems
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Entry, Reason
from milepost.service.ingest.incoming_event import Answer, IncomingEvent

EVENTS_MAX = 1_000
EVENT_BYTES_MAX = 1024 * 1024

router = APIRouter(prefix="/api/v1", tags=["events"])
_raws = msgspec.json.Decoder(list[Raw])
_REASONS = {reason: reason.name.lower() for reason in Reason}


class ProblemItem(Struct):
    """What is wrong, and where."""

    path: str
    reason: str


class EntryItem(Struct, rename="camel"):
    """What an event changed in one progress."""

    target_id: int
    period_id: int
    before: Number
    after: Number
    reason: str


class AnswerItem(Struct, rename="camel"):
    """What became of one event; `version` is the organisation's by whose definitions and settings it was judged."""

    id: str | None
    status: str
    customer_id: int | None
    version: int | None
    entries: list[EntryItem]
    problems: list[ProblemItem]


class Answers(Struct):
    """What became of each event, in order."""

    items: list[AnswerItem]


@router.post("/events", response_model=None)
async def receive_events(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Receive up to 1,000 events or 10 MiB; one bad item never spoils its neighbours."""
    raws = _items(await read_body(request, BATCH_BYTES_MAX), request.headers.get("content-type", ""))
    if len(raws) > EVENTS_MAX:
        raise Refused(Problem("", f"a request may hold {EVENTS_MAX} events; this one holds {len(raws)}"))
    now = runtime.clock()
    items: list[AnswerItem | None] = [None] * len(raws)
    incoming_events: list[IncomingEvent] = []
    places: list[int] = []
    for place, raw in enumerate(raws):
        event = bytes(raw)
        read = read_event(event, org_id=caller.org_id, till_id=caller.till_id, now=now)
        if isinstance(read, IncomingEvent):
            incoming_events.append(read)
            places.append(place)
        else:
            items[place] = _refused(event, read)
    for place, answer in zip(
        places, await runtime.lanes.receive(incoming_events) if incoming_events else (), strict=True
    ):
        items[place] = answer_item(answer)
    return JsonResponse(Answers([item for item in items if item is not None]))


def answer_item(answer: Answer) -> AnswerItem:
    """Return what became of one event as our face tells it."""
    return AnswerItem(
        id=answer.key.id,
        status=answer.status.value,
        customer_id=answer.customer_id,
        version=answer.version,
        entries=[entry_item(entry) for entry in answer.entries],
        problems=[ProblemItem(problem.path, problem.reason) for problem in answer.problems],
    )


def entry_item(entry: Entry) -> EntryItem:
    """Return one entry as our face tells it."""
    return EntryItem(
        entry.target_id, entry.period_id, number(entry.before), number(entry.after), _REASONS[entry.reason]
    )


def _items(body: bytes, content_type: str) -> list[Raw]:
    """Return the JSON text of each event in *body*."""
    try:
        if "ndjson" in content_type or "jsonl" in content_type:
            return [Raw(line) for line in body.splitlines() if line.strip()]
        if body.lstrip()[:1] == b"[":
            return _raws.decode(body)
        return [msgspec.json.decode(body, type=Raw)]
    except RecursionError:
        raise Refused(Problem("", f"the JSON is deeper than {DEPTH_MAX} levels")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(Problem("", f"the body is not valid JSON: {error}")) from None


def read_event(raw: bytes, *, org_id: int, till_id: int | None, now: int) -> IncomingEvent | tuple[Problem, ...]:
    """Return the offer that one event's JSON makes, or everything that is wrong with it."""
    if len(raw) > EVENT_BYTES_MAX:
        return (Problem("", f"an event may have {EVENT_BYTES_MAX} bytes"),)
    try:
        return offer_of(raw, org_id=org_id, till_id=till_id, now=now)
    except Refused as refused:
        return refused.problems
    except RecursionError:
        return (Problem("", f"the JSON is deeper than {DEPTH_MAX} levels"),)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, ArithmeticError) as error:
        return tuple(_all_problems(raw)) or (Problem("", str(error)),)


def _all_problems(raw: bytes) -> list[Problem]:
    """Return everything that is wrong with the structure of an event that the decoder stopped at."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        return [Problem("", f"is not valid JSON: {error}")]
    problems = structure_problems(value, EventBody)
    data = (
        PAYLOAD_BODIES.get(value.get("type", ""))
        if isinstance(value, dict) and isinstance(value.get("type"), str)
        else None
    )
    if data is not None:
        problems += structure_problems(value.get("data", {}), data, "data")
    elif isinstance(value, dict) and not isinstance(value.get("data", {}), dict):
        problems.append(Problem("data", "must be a JSON object"))
    return problems


def _refused(raw: bytes, problems: tuple[Problem, ...]) -> AnswerItem:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        value = None
    id_ = value.get("id") if isinstance(value, dict) else None
    items = [ProblemItem(problem.path, problem.reason) for problem in problems]
    return AnswerItem(id_ if isinstance(id_, str) else None, "refused", None, None, [], items)
