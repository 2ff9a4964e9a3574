"""`milepost import zones|concepts|stores|tills|fields|programs|currencies FILE`: CSV, all rows or none."""

from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import inside
from milepost.cli.options import Data, DatabaseUrl
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

Org = Annotated[str, typer.Option("--org", help="name of the organisation")]
Work = Callable[["Runtime", int, bytes], Awaitable[int]]


class Family(Enum):
    """Which fields a file declares."""

    EXTENDED = "extended"
    CUSTOM = "custom"


def import_zones(file: Path, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add or change zones by code, from CSV with the columns code, id, name."""

    async def work(runtime: "Runtime", org_id: int, body: bytes) -> int:
        from milepost.api.native.places.body import NamedBody, drafts_of_table
        from milepost.service.organisations.places import keep_zones

        return len(await keep_zones(runtime.database, runtime.snapshots, org_id, drafts_of_table(body, NamedBody)))

    _bring_in(file, organisation, data, database_url, work)


def import_concepts(file: Path, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add or change concepts by code, from CSV with the columns code, id, name."""

    async def work(runtime: "Runtime", org_id: int, body: bytes) -> int:
        from milepost.api.native.places.body import NamedBody, drafts_of_table
        from milepost.service.organisations.places import keep_concepts

        return len(await keep_concepts(runtime.database, runtime.snapshots, org_id, drafts_of_table(body, NamedBody)))

    _bring_in(file, organisation, data, database_url, work)


def import_stores(file: Path, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add or change stores by code, from CSV: code, id, name, zone, concept, externalId, externalId1, externalId2."""

    async def work(runtime: "Runtime", org_id: int, body: bytes) -> int:
        from milepost.api.native.places.body import StoreBody, drafts_of_table
        from milepost.service.organisations.places import keep_stores

        return len(await keep_stores(runtime.database, runtime.snapshots, org_id, drafts_of_table(body, StoreBody)))

    _bring_in(file, organisation, data, database_url, work)


def import_tills(file: Path, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add or change tills by code, from CSV with the columns code, id, name, store."""

    async def work(runtime: "Runtime", org_id: int, body: bytes) -> int:
        from milepost.api.native.places.body import TillBody, drafts_of_table
        from milepost.service.organisations.places import keep_tills

        return len(await keep_tills(runtime.database, runtime.snapshots, org_id, drafts_of_table(body, TillBody)))

    _bring_in(file, organisation, data, database_url, work)


def import_fields(
    file: Path,
    organisation: Org,
    family: Annotated[Family, typer.Option("--family", help="which fields the file declares")] = Family.EXTENDED,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Declare extended or custom fields, from CSV with the columns entity, name, type, label."""

    async def work(runtime: "Runtime", org_id: int, body: bytes) -> int:
        from milepost.api.native.declarations.body import FieldBody, field_drafts
        from milepost.api.native.items import items_of_table
        from milepost.model.reference import FieldFamily
        from milepost.service.organisations.declarations import declare_fields

        drafts = field_drafts(items_of_table(body, FieldBody), FieldFamily[family.name])
        return len(await declare_fields(runtime.database, org_id, drafts))

    _bring_in(file, organisation, data, database_url, work)


def _bring_in(file: Path, organisation: str, data: Path | None, database_url: str | None, work: Work) -> None:
    """Do *work* with what *file* holds, and say how many rows there were."""
    if not file.is_file():
        raise Refused(Problem(str(file), "there is no such file"))
    body = file.read_bytes()

    async def run(runtime: "Runtime") -> int:
        from milepost.service.organisations.provisioning import id_called

        return await work(runtime, await id_called(runtime.database, organisation), body)

    typer.echo(f"kept {inside({'data': data, 'database_url': database_url}, run)}")
