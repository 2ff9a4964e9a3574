"""Programmes, currencies, extended and custom fields: `POST` adds or changes, `GET` lists."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request
from msgspec import Meta, Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import ID_MAX, JsonResponse
from milepost.api.native.items import read_items
from milepost.api.native.paging import PAGE_MAX
from milepost.model.problem import Problem, Refused
from milepost.model.reference import AlternateCurrency, DeclaredField, FieldEntity, FieldFamily, FieldType, Program
from milepost.service.organisations.declarations import (
    CurrencyDraft,
    FieldDraft,
    ProgramDraft,
    declare_currencies,
    declare_fields,
    declare_programs,
    known_currencies,
    known_fields,
    known_programs,
)

router = APIRouter(prefix="/api/v1", tags=["declared"])

Id = Annotated[int, Meta(ge=1, le=ID_MAX)]
Listed = TypeVar("Listed")


class ProgramBody(Struct, forbid_unknown_fields=True):
    """A programme; without an id the one of this name, or a new one."""

    name: str
    id: Id | None = None


class CurrencyBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A reward currency of a programme."""

    program_id: Id
    identifier: str
    name: str | None = None


class FieldBody(Struct, forbid_unknown_fields=True):
    """A field and what its values are."""

    entity: FieldEntity
    name: str
    type: FieldType
    label: str | None = None


class ProgramItem(Struct, forbid_unknown_fields=True):
    """A programme."""

    id: int
    name: str


class CurrencyItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A reward currency of a programme."""

    program_id: int
    identifier: str
    name: str


class FieldItem(Struct, forbid_unknown_fields=True):
    """A field that is used."""

    entity: FieldEntity
    name: str
    type: FieldType
    label: str


@router.post("/programs", response_model=None)
async def post_programs(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or rename programmes; once there is one, targets of currencies must name a known one."""
    items = await read_items(request, ProgramBody)
    drafts = [ProgramDraft(id=item.id, name=item.name) for item in items]
    kept = await declare_programs(runtime.database, caller.org_id, drafts)
    return JsonResponse({"items": [_program(one) for one in kept]})


@router.get("/programs", response_model=None)
async def get_programs(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List programmes by id."""
    found = await known_programs(runtime.database, caller.org_id)
    return _page(found, lambda one: f"{one.id:020}", _program, cursor, limit)


@router.post("/currencies", response_model=None)
async def post_currencies(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or rename alternate currencies of known programmes."""
    items = await read_items(request, CurrencyBody)
    drafts = [CurrencyDraft(program_id=one.program_id, identifier=one.identifier, name=one.name) for one in items]
    kept = await declare_currencies(runtime.database, caller.org_id, drafts)
    return JsonResponse({"items": [_currency(one) for one in kept]})


@router.get("/currencies", response_model=None)
async def get_currencies(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List alternate currencies by programme and identifier."""
    found = await known_currencies(runtime.database, caller.org_id)
    return _page(found, lambda one: f"{one.program_id:020}:{one.identifier}", _currency, cursor, limit)


@router.post("/extended-fields", response_model=None)
async def post_extended_fields(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Declare extended fields; once an entity has one, targets of that entity must name a declared one."""
    return await _declare(request, runtime, caller, FieldFamily.EXTENDED)


@router.get("/extended-fields", response_model=None)
async def get_extended_fields(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List extended fields by entity and name."""
    found = await known_fields(runtime.database, caller.org_id, FieldFamily.EXTENDED)
    return _page(found, _field_key, _field, cursor, limit)


@router.post("/custom-fields", response_model=None)
async def post_custom_fields(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Declare custom fields."""
    return await _declare(request, runtime, caller, FieldFamily.CUSTOM)


@router.get("/custom-fields", response_model=None)
async def get_custom_fields(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List custom fields by entity and name."""
    found = await known_fields(runtime.database, caller.org_id, FieldFamily.CUSTOM)
    return _page(found, _field_key, _field, cursor, limit)


def field_drafts(items: Sequence[FieldBody], family: FieldFamily) -> list[FieldDraft]:
    """Return the fields that *items* declare."""
    return [
        FieldDraft(family=family, entity=one.entity, name=one.name, type=one.type, label=one.label) for one in items
    ]


async def _declare(
    request: Request, runtime: RunningRuntime, caller: CurrentCaller, family: FieldFamily
) -> JsonResponse:
    drafts = field_drafts(await read_items(request, FieldBody), family)
    kept = await declare_fields(runtime.database, caller.org_id, drafts)
    return JsonResponse({"items": [_field(one) for one in kept]})


def _page(
    found: Sequence[Listed], key: Callable[[Listed], str], item: Callable[[Listed], Struct], cursor: str, limit: int
) -> JsonResponse:
    """Return what comes after *cursor*, which is the key of the last one before, at most *limit*."""
    if not 1 <= limit <= PAGE_MAX:
        raise Refused(Problem("limit", f"must be from 1 to {PAGE_MAX}"))
    rest = sorted((one for one in found if key(one) > cursor), key=key)
    following = key(rest[limit - 1]) if len(rest) > limit else None
    return JsonResponse({"items": [item(one) for one in rest[:limit]], "nextCursor": following})


def _program(program: Program) -> ProgramItem:
    return ProgramItem(program.id, program.name)


def _currency(currency: AlternateCurrency) -> CurrencyItem:
    return CurrencyItem(currency.program_id, currency.identifier, currency.name)


def _field_key(field: DeclaredField) -> str:
    return f"{field.entity.value}:{field.name}"


def _field(field: DeclaredField) -> FieldItem:
    return FieldItem(field.entity, field.name, field.type, field.label)
