"""Servers that answer the same requests in short slices, in turn, so that each meets the machine in the same moods."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.client import Asked
from bench.hosts import Address, Postgres
from bench.latency import Times, joined, timed
from bench.machine import processor_seconds, processor_seconds_of

Parts = Sequence[Sequence[Asked]]
"""The requests of each client."""

SLICE_REQUESTS = 100
"""About how many requests make a slice; of many clients each sends at least a few."""

SLICE_OF_CLIENT_MIN = 5


async def take_turns(server: Postgres, addresses: Mapping[str, Address], parts: Mapping[str, Parts]) -> list[Times]:
    """Send to each server what *parts* holds for it, slice by slice in turn; return one round of each server."""
    slices: dict[str, list[Times]] = {name: [] for name in addresses}
    names = [*addresses]
    of_client = max(SLICE_OF_CLIENT_MIN, SLICE_REQUESTS // len(parts[names[0]]))
    longest = max(len(part) for part in parts[names[0]])
    for turn, start in enumerate(range(0, longest, of_client)):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            piece = [part[start : start + of_client] for part in parts[name]]
            slices[name].append(await _answered(server, name, addresses[name], piece))
    return [joined(times) for times in slices.values()]


async def _answered(server: Postgres, name: str, address: Address, parts: Parts) -> Times:
    before = processor_seconds_of(address.pid), processor_seconds(server)
    times = await timed(name, address, parts)
    return replace(
        times,
        processor_seconds=processor_seconds_of(address.pid) - before[0],
        postgres_seconds=processor_seconds(server) - before[1],
    )
