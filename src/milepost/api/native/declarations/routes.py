"""Programmes, currencies, extended and custom fields: `POST` adds or changes them, `GET` lists them."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.http.route import Route
from milepost.api.native.answer import Items
from milepost.api.native.declarations.answer import (
    CurrencyItem,
    FieldItem,
    ProgramItem,
    currency_item,
    field_item,
    program_item,
)
from milepost.api.native.declarations.body import CurrencyBody, FieldBody, ProgramBody, field_drafts
from milepost.api.native.items import read_items, routes_of_list
from milepost.api.native.paging import PAGE_MAX, page_by_key
from milepost.model.definitions.declaration import DeclaredField, FieldFamily
from milepost.service.organisations.declarations import (
    CurrencyDraft,
    ProgramDraft,
    declare_currencies,
    declare_fields,
    declare_programs,
    known_currencies,
    known_fields,
    known_programs,
)

router = APIRouter(prefix="/api/v1", tags=["declared"])


@router.post("/programs", response_model=None)
async def post_programs(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or rename programmes. Once a programme is declared, targets of currencies must name a declared one."""
    drafts = [ProgramDraft(id=item.id, name=item.name) for item in await read_items(request, ProgramBody)]
    programs = await declare_programs(runtime.database, caller.org_id, drafts)
    return JsonResponse(Items([program_item(program) for program in programs]))


@router.get("/programs", response_model=None)
async def get_programs(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List programmes by id."""
    programs = await known_programs(runtime.database, caller.org_id)
    return JsonResponse(page_by_key(programs, lambda program: f"{program.id:020}", program_item, cursor, limit))


@router.post("/currencies", response_model=None)
async def post_currencies(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or rename alternate currencies of declared programmes."""
    drafts = [
        CurrencyDraft(program_id=item.program_id, identifier=item.identifier, name=item.name)
        for item in await read_items(request, CurrencyBody)
    ]
    currencies = await declare_currencies(runtime.database, caller.org_id, drafts)
    return JsonResponse(Items([currency_item(currency) for currency in currencies]))


@router.get("/currencies", response_model=None)
async def get_currencies(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List alternate currencies by programme and identifier."""
    currencies = await known_currencies(runtime.database, caller.org_id)
    return JsonResponse(
        page_by_key(
            currencies,
            lambda currency: f"{currency.program_id:020}:{currency.identifier}",
            currency_item,
            cursor,
            limit,
        )
    )


@router.post("/extended-fields", response_model=None)
async def post_extended_fields(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Declare extended fields. Once an entity has one, targets of that entity must name a declared one."""
    return await _declare(request, runtime, caller, FieldFamily.EXTENDED)


@router.get("/extended-fields", response_model=None)
async def get_extended_fields(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List extended fields by entity and name."""
    fields = await known_fields(runtime.database, caller.org_id, FieldFamily.EXTENDED)
    return JsonResponse(page_by_key(fields, _field_key, field_item, cursor, limit))


@router.post("/custom-fields", response_model=None)
async def post_custom_fields(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Declare custom fields."""
    return await _declare(request, runtime, caller, FieldFamily.CUSTOM)


@router.get("/custom-fields", response_model=None)
async def get_custom_fields(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List custom fields by entity and name."""
    fields = await known_fields(runtime.database, caller.org_id, FieldFamily.CUSTOM)
    return JsonResponse(page_by_key(fields, _field_key, field_item, cursor, limit))


async def _declare(
    request: Request, runtime: RunningRuntime, caller: CurrentCaller, family: FieldFamily
) -> JsonResponse:
    drafts = field_drafts(await read_items(request, FieldBody), family)
    fields = await declare_fields(runtime.database, caller.org_id, drafts)
    return JsonResponse(Items([field_item(field) for field in fields]))


def _field_key(field: DeclaredField) -> str:
    return f"{field.entity.value}:{field.name}"


ROUTES: Mapping[tuple[str, str], Route] = {
    **routes_of_list("/api/v1/programs", ProgramBody, ProgramItem, "id, name"),
    **routes_of_list("/api/v1/currencies", CurrencyBody, CurrencyItem, "programId, identifier, name"),
    **routes_of_list("/api/v1/extended-fields", FieldBody, FieldItem, "entity, name, type, label"),
    **routes_of_list("/api/v1/custom-fields", FieldBody, FieldItem, "entity, name, type, label"),
}
