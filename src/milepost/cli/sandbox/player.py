"""Plays a scenario in a sandbox through the API, as any client would."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import msgspec

from milepost.api.http.body import read_json, write_json
from milepost.cli.sandbox.expectations import Failed, Seen, compare
from milepost.cli.sandbox.receiver import OK, Receiver
from milepost.cli.sandbox.scenario_file import Scenario, ScenarioStep
from milepost.cli.targets.reading import request_of
from milepost.model.problem import Refused
from milepost.service.definitions.define import define_groups
from milepost.service.definitions.references import read_references
from milepost.service.delivery.relay import relay_once
from milepost.service.delivery.sending.sender import Sender
from milepost.service.runtime.runtime import Runtime, within
from milepost.service.scheduled.jobs import caller_within, work_once

DELIVER_SECONDS_MAX = 60
_LOOK_SECONDS = 0.05


class Player:
    """Plays the steps of one scenario in its organisation, and remembers what the last advance let fire."""

    def __init__(self, runtime: Runtime, org_id: int, http: httpx2.AsyncClient, receiver: Receiver) -> None:
        """Play in the sandbox *org_id* of *runtime*, through *http*, which has a login."""
        self._runtime, self._org_id, self._http, self._receiver = runtime, org_id, http, receiver
        self._fired: list[dict[str, Any]] = []
        self._webhook: int | None = None
        self._customers: dict[str, int] = {}

    async def play(self, scenario: Scenario) -> None:
        """Play all steps. Raises Failed at the first one whose expectation does not hold."""
        for step in scenario.steps:
            try:
                await self._play(step)
            except Refused as refused:
                raise Failed(step.place, step.kind, [f"{one.path} {one.reason}" for one in refused.problems]) from None

    async def _play(self, step: ScenarioStep) -> None:
        match step.kind:
            case "define":
                await self._define(step.content)
            case "send":
                await self._send(step)
            case "advance":
                self._fired = (await self._ask(step, "POST", "/api/v1/clock", step.content))["fired"]
                await self._work()
            case "call":
                content = step.content
                await self._ask(step, str(content["method"]), str(content["path"]), content.get("body"))
                await self._work()
            case "receiver":
                await self._receive(step)
            case "deliver":
                await self._deliver(step.content)
            case _:
                await compare(step, Seen(self._get, self._customer, self._fired, self._receiver.taken))

    async def _define(self, document: Mapping[str, Any]) -> None:
        async with self._runtime.database.transaction() as transaction:
            snapshot = await self._runtime.snapshots.of_organisation(transaction, self._org_id)
            references = await read_references(transaction, self._org_id, snapshot.places)
        caller, now = caller_within(self._org_id), (await within(self._runtime, self._org_id)).clock()
        await define_groups(self._runtime.database, self._org_id, caller.author, request_of(document, references), now)
        await self._work()

    async def _send(self, step: ScenarioStep) -> None:
        """Send events; each must be applied, unless it says which `status` is expected."""
        listed = step.content if isinstance(step.content, list) else [step.content]
        wanted = [str(one.get("status", "applied")) for one in listed]
        events = [_event(step.place, place, one) for place, one in enumerate(listed, start=1)]
        answers = (await self._ask(step, "POST", "/api/v1/events", events))["items"]
        lines = [
            f"{event['id']}: expected {status}, is {answer['status']} {answer.get('problems') or ''}".rstrip()
            for event, status, answer in zip(events, wanted, answers, strict=True)
            if answer["status"] != status
        ]
        if lines:
            raise Failed(step.place, step.kind, lines)

    async def _receive(self, step: ScenarioStep) -> None:
        """Let the receiver answer with a status; the first time it becomes a webhook of the organisation."""
        self._receiver.status = int(step.content.get("answers", OK))
        if self._webhook is None:
            schedule = step.content.get("schedule", [1] * 10)
            body = {"url": await self._receiver.open(), "schedule": schedule, "types": step.content.get("types")}
            added = await self._ask(step, "POST", "/api/v1/webhooks", body)
            self._webhook = int(added["id"])

    async def _deliver(self, content: Any) -> None:
        """Relay and send for some real seconds, or until so many messages were taken or refused."""
        wanted = content if isinstance(content, dict) else {}
        seconds = min(float(wanted.get("seconds", 10)), DELIVER_SECONDS_MAX)
        refused, taken = int(wanted.get("refused", 0)), int(wanted.get("taken", 0))
        sender, until = Sender(self._runtime), time.monotonic() + seconds
        refused_before = self._receiver.refused
        try:
            while time.monotonic() < until:
                while await relay_once(self._runtime):
                    pass
                await sender.once()
                is_taken = len(self._receiver.taken) >= taken
                if (refused or taken) and is_taken and self._receiver.refused - refused_before >= refused:
                    return
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await sender.finish(1)

    async def _work(self) -> None:
        while await work_once(self._runtime):
            pass

    async def _ask(self, step: ScenarioStep, method: str, path: str, body: Any) -> Any:
        answered = await self._http.request(method, path, content=None if body is None else write_json(body))
        if not answered.is_success:
            raise Failed(step.place, step.kind, [f"{method} {path} is answered with {answered.text}"])
        return read_json(answered.content) if answered.content else None

    async def _get(self, path: str) -> Any:
        answered = await self._http.get(path)
        return msgspec.to_builtins(read_json(answered.content), enc_hook=str) if answered.is_success else None

    async def _customer(self, external_id: str) -> int | None:
        if external_id not in self._customers:
            found: Sequence[Any] = (await self._get(f"/api/v1/customers?externalId={external_id}"))["items"]
            if not found:
                return None
            self._customers[external_id] = int(found[0]["id"])
        return self._customers[external_id]


def _event(step: int, place: int, written: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as the API takes it; id and source may be left out, a customer may be an external id."""
    event = {"id": f"step {step}/{place}", "source": "scenario", "type": "TransactionAdd"} | dict(written)
    event.pop("status", None)
    if not isinstance(event.get("customer"), dict):
        event["customer"] = {"externalId": str(event.get("customer"))}
    return event
