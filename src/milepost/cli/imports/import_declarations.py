"""`milepost import zones|concepts|stores|tills|fields FILE`: from CSV, all rows or none."""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.imports.file_options import Delimiter, Encoding, FillShortRows, check_input, reading
from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.files.table import ReadOptions

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

File = Annotated[Path, typer.Argument(help="CSV file; all of its rows are imported or none")]
Work = Callable[["Runtime", int, bytes, ReadOptions], Awaitable[int]]


class Family(Enum):
    """The kind of fields that a file declares."""

    EXTENDED = "extended"
    CUSTOM = "custom"


def import_zones(
    file: File,
    organisation: Org,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    fill_short_rows: FillShortRows = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add or change zones by code.

    The columns of the file are code, id and name; only code is required.
    """

    async def work(runtime: "Runtime", org_id: int, body: bytes, options: ReadOptions) -> int:
        from milepost.api.native.places.body import NamedBody, drafts_of_file
        from milepost.service.organisations.places import keep_zones

        return len(
            await keep_zones(runtime.database, runtime.snapshots, org_id, drafts_of_file(body, NamedBody, options))
        )

    options = ReadOptions(encoding, delimiter, fill_short_rows=fill_short_rows)
    _import(file, organisation, options, {"data": data, "database_url": database_url}, work)


def import_concepts(
    file: File,
    organisation: Org,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    fill_short_rows: FillShortRows = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add or change concepts by code.

    The columns of the file are code, id and name; only code is required.
    """

    async def work(runtime: "Runtime", org_id: int, body: bytes, options: ReadOptions) -> int:
        from milepost.api.native.places.body import NamedBody, drafts_of_file
        from milepost.service.organisations.places import keep_concepts

        return len(
            await keep_concepts(runtime.database, runtime.snapshots, org_id, drafts_of_file(body, NamedBody, options))
        )

    options = ReadOptions(encoding, delimiter, fill_short_rows=fill_short_rows)
    _import(file, organisation, options, {"data": data, "database_url": database_url}, work)


def import_stores(
    file: File,
    organisation: Org,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    fill_short_rows: FillShortRows = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add or change stores by code.

    The columns of the file are code, id, name, zone, concept, externalId, externalId1 and externalId2; only code is
    required. Zone and concept are codes.
    """

    async def work(runtime: "Runtime", org_id: int, body: bytes, options: ReadOptions) -> int:
        from milepost.api.native.places.body import StoreBody, drafts_of_file
        from milepost.service.organisations.places import keep_stores

        return len(
            await keep_stores(runtime.database, runtime.snapshots, org_id, drafts_of_file(body, StoreBody, options))
        )

    options = ReadOptions(encoding, delimiter, fill_short_rows=fill_short_rows)
    _import(file, organisation, options, {"data": data, "database_url": database_url}, work)


def import_tills(
    file: File,
    organisation: Org,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    fill_short_rows: FillShortRows = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add or change tills by code.

    The columns of the file are code, id, name and store; only code is required. Store is a code.
    """

    async def work(runtime: "Runtime", org_id: int, body: bytes, options: ReadOptions) -> int:
        from milepost.api.native.places.body import TillBody, drafts_of_file
        from milepost.service.organisations.places import keep_tills

        return len(
            await keep_tills(runtime.database, runtime.snapshots, org_id, drafts_of_file(body, TillBody, options))
        )

    options = ReadOptions(encoding, delimiter, fill_short_rows=fill_short_rows)
    _import(file, organisation, options, {"data": data, "database_url": database_url}, work)


def import_fields(
    file: File,
    organisation: Org,
    family: Annotated[Family, typer.Option("--family", help="the kind of fields")] = Family.EXTENDED,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    fill_short_rows: FillShortRows = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Declare extended or custom fields.

    The columns of the file are entity, name, type and label; label may be left out.
    """

    async def work(runtime: "Runtime", org_id: int, body: bytes, options: ReadOptions) -> int:
        from milepost.api.native.declarations.body import FieldBody, field_drafts
        from milepost.api.native.items import items_of_file
        from milepost.model.definitions.declaration import FieldFamily
        from milepost.service.organisations.declarations import declare_fields

        drafts = field_drafts(items_of_file(body, FieldBody, options), FieldFamily[family.name])
        return len(await declare_fields(runtime.database, org_id, drafts))

    options = ReadOptions(encoding, delimiter, fill_short_rows=fill_short_rows)
    _import(file, organisation, options, {"data": data, "database_url": database_url}, work)


def _import(file: Path, organisation: str, options: ReadOptions, flags: Mapping[str, object], work: Work) -> None:
    """Do *work* with the content of *file*, and print how many rows were imported."""
    check_input(file)
    body = file.read_bytes()

    async def run(runtime: "Runtime") -> int:
        from milepost.service.organisations.provisioning import organisation_id_by_name

        org_id = await organisation_id_by_name(runtime.database, organisation)
        with reading(file):
            return await work(runtime, org_id, body, options)

    typer.echo(f"kept {run_inside(flags, run)}")
