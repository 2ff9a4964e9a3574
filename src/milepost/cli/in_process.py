"""Running one piece of work inside an installation: read settings, open the database, work, close."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from milepost.settings import read_settings

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

Result = TypeVar("Result")


def run_for(
    organisation: str, flags: Mapping[str, object], work: "Callable[[Runtime, int], Awaitable[Result]]"
) -> Result:
    """Run *work* with the id of the organisation of that name, and return its result."""
    from milepost.service.organisations.provisioning import organisation_id_by_name
    from milepost.service.runtime.runtime import within

    async def run(runtime: "Runtime") -> Result:
        org_id = await organisation_id_by_name(runtime.database, organisation)
        return await work(await within(runtime, org_id), org_id)

    return run_inside(flags, run)


def run_inside(flags: Mapping[str, object], work: "Callable[[Runtime], Awaitable[Result]]") -> Result:
    """Run *work* on the database that the environment and *flags* name, and return its result."""
    settings = read_settings(os.environ, flags)
    from milepost import wiring

    async def run(url: str) -> Result:
        async with wiring.running(url, settings) as runtime:
            return await work(runtime)

    wiring.log_to_stderr(settings)
    with wiring.database_url(settings) as url:
        return asyncio.run(run(url))
