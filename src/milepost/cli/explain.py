"""`milepost explain`: why a customer's progress is what it is, as text or as JSON."""

from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl, Json
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.model.time import Micros
    from milepost.service.explanations.progress import ProgressExplanation
    from milepost.service.runtime.runtime import Runtime
    from milepost.wording.catalogue import Language

CustomerName = Annotated[str, typer.Argument(metavar="CUSTOMER", help="external id of the customer, or our own id")]
TargetName = Annotated[
    str | None, typer.Argument(metavar="[TARGET]", help="name or id of a target; without it all that concern")
]
PeriodName = Annotated[str | None, typer.Option("--period", help="refCode or id of a period; the running one if none")]
At = Annotated[str | None, typer.Option("--at", help="answer as of this instant, such as 2026-03-01T12:00:00Z")]
Words = Annotated[str, typer.Option("--language", help="en or de")]
Org = Annotated[str | None, typer.Option("--org", help="name of the organisation; not needed if there is only one")]


def explain(
    customer: CustomerName,
    target: TargetName = None,
    period: PeriodName = None,
    at: At = None,
    language: Words = "en",
    org: Org = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Say why a customer's progress is what it is: what counted, and why the rest did not."""
    from milepost.wording.catalogue import Language

    languages = {one.value: one for one in Language}
    if language not in languages:
        raise Refused(Problem("--language", f"must be one of {', '.join(languages)}"))

    async def work(runtime: "Runtime") -> "list[ProgressExplanation]":
        return await _explain(runtime, org, customer, target, period, at)

    explained = run_inside({"data": data, "database_url": database_url}, work)
    _print(explained, languages[language], json=json)


def _print(explained: "list[ProgressExplanation]", language: "Language", *, json: bool) -> None:
    if json:
        from milepost.api.native.explanations.rendering import explanation_item
        from milepost.cli.output import print_struct

        print_struct([explanation_item(one, language, 0) for one in explained])
        return
    from milepost.service.explanations.text import explanation_text
    from milepost.wording.catalogue import say

    texts = [explanation_text(one, language) for one in explained]
    typer.echo("\n".join(texts) if texts else say(language, "answer.no_target"), nl=not texts)


async def _explain(
    runtime: "Runtime", org: str | None, customer: str, target: str | None, period: str | None, at: str | None
) -> "list[ProgressExplanation]":
    from milepost.service.explanations.progress import ExplanationQuery, explain_progress

    instant = _instant(at, runtime)
    org_id, customer_id, target_ids = await find_targets(runtime, org, customer, target, instant)
    queries = [
        ExplanationQuery(customer_id=customer_id, target_id=id_, period=period, at=instant) for id_ in target_ids
    ]
    explained = [await explain_progress(runtime, org_id, query) for query in queries]
    return [one for one in explained if one is not None]


def _instant(text: str | None, runtime: "Runtime") -> "Micros | None":
    from milepost.api.native.instants import past_instant

    instant, problem = past_instant("--at", text, runtime.clock())
    if problem is not None:
        raise Refused(problem)
    return instant


async def find_targets(
    runtime: "Runtime", org: str | None, customer: str, target: str | None, at: "Micros | None"
) -> tuple[int, int, list[int]]:
    """Return the ids of the organisation, the customer and the targets that are asked for."""
    from milepost.model.customer import Identifier, IdentifierKind
    from milepost.service.customers.view import enrolled_targets, find_customer, view_customer
    from milepost.service.explanations.customer_log import view_at
    from milepost.service.organisations.provisioning import organisation_id_by_name, sole_organisation_id

    if org is None:
        org_id = await sole_organisation_id(runtime.database)
    else:
        org_id = await organisation_id_by_name(runtime.database, org)
    customer_id = await find_customer(runtime.database, org_id, Identifier(IdentifierKind.EXTERNAL_ID, customer))
    if customer_id is None and customer.isascii() and customer.isdigit():
        customer_id = int(customer)
    view = None
    if customer_id is not None and at is None:
        view = await view_customer(runtime.database, runtime.snapshots, org_id, customer_id)
    elif customer_id is not None and at is not None:
        view = await view_at(runtime, org_id, customer_id, at)
    if view is None or customer_id is None:
        raise Refused(Problem("CUSTOMER", f"there is no customer {customer!r}"))
    if target is None:
        chosen = enrolled_targets(view, runtime.clock() if at is None else at)
    else:
        groups = view.snapshot.holders.items()
        named = ((group, one) for _, group in groups for one in group.targets)
        chosen = [pair for pair in named if str(pair[1].id) == target or pair[1].name.casefold() == target.casefold()]
        if not chosen:
            raise Refused(Problem("TARGET", f"there is no target {target!r}"))
    return org_id, customer_id, list(dict.fromkeys(one.id for _, one in chosen))
