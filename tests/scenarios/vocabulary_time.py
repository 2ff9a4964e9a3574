"""Sentences about what customers do: each returns the type and the data of an event, which clauses change."""

from tests.scenarios.scenario_story import Json
from tests.scenarios.vocabulary import clauses, events

# What customers do: each gives the type and the data of an event.


@events(r"buys for (?P<net>\S+)")
def _buys(net: str) -> Json:
    return {"type": "TransactionAdd", "data": {"number": "", "netAmount": net}}


@events(r"returns bill (?P<bill>\w+)")
def _returns(bill: str) -> Json:
    return {"type": "ReturnBill", "data": {"returnType": "FULL", "original": bill}}


@events(r"cancels bill (?P<bill>\w+)")
def _cancels(bill: str) -> Json:
    return {"type": "ReturnBill", "data": {"returnType": "CANCELLED", "original": bill}}


@events(r"gets (?P<amount>\S+) back on bill (?P<bill>\w+)")
def _gets_back(amount: str, bill: str) -> Json:
    return {"type": "ReturnBill", "data": {"returnType": "AMOUNT", "original": bill, "amount": amount}}


@events(r"brings back (?P<quantity>\S+) (?P<code>\w+)(?: for (?P<net>\S+))? of bill (?P<bill>\w+)")
def _brings_back(quantity: str, code: str, bill: str, net: str | None = None) -> Json:
    line = {"code": code, "quantity": quantity} | ({} if net is None else {"netAmount": net, "grossAmount": net})
    return {"type": "ReturnBill", "data": {"returnType": "LINE_ITEM", "original": bill, "lines": [line]}}


@events(r"is awarded (?P<amount>\S+) (?P<kind>regular|promotional) points")
def _is_awarded_points(amount: str, kind: str) -> Json:
    return {"type": "PointsAwarded", "data": {"amount": amount, "kind": kind.upper()}}


@events(r"is awarded (?P<amount>\S+) (?P<kind>regular|promotional) (?P<currency>\w+) of programme (?P<programme>\d+)")
def _is_awarded(amount: str, kind: str, currency: str, programme: str) -> Json:
    data = {"amount": amount, "kind": kind.upper(), "currency": currency, "programId": int(programme)}
    return {"type": "CurrencyAwarded", "data": data}


@events(r"does (?P<name>\w+)")
def _does(name: str) -> Json:
    return {"type": name, "data": {}}


# What more is said of an event.


@clauses(r"bill (?P<name>\w+)")
def _called(event: Json, name: str) -> None:
    event["id"] = event["data"]["number"] = name


@clauses(r"gross (?P<gross>\S+)")
def _gross(event: Json, gross: str) -> None:
    event["data"]["grossAmount"] = gross


@clauses(r"at (?P<store>\w+)")
def _at(event: Json, store: str) -> None:
    event["store"] = {"code": store}


def with_lines(said: str) -> Json:
    """Return the lines of a bill that *said* names, each after a comma and `with`."""
    event: Json = {"data": {}}
    for clause in said.split(", ")[1:]:
        understood = clauses.understand(clause)
        understood.meaning(event, **understood.words)
    data: Json = event["data"]
    return data


@clauses(r"with (?P<quantity>\S+) (?P<code>\w+) for (?P<net>\S+)(?: \((?P<fields>[^)]*)\))?")
def _with(event: Json, quantity: str, code: str, net: str, fields: str = "") -> None:
    line: Json = {"code": code, "quantity": quantity, "netAmount": net, "extendedFields": {}}
    for word, value in (given.split(" ") for given in fields.split("; ") if given):
        if word == "gross":
            line["grossAmount"] = value
        else:
            line["extendedFields"][word] = value
    event["data"].setdefault("lines", []).append(line)


@clauses(r"given by decision (?P<decision>\w+)")
def _by_decision(event: Json, decision: str) -> None:
    event["data"]["decision"] = decision


@clauses(r"(?P<field>\w+) (?:is|of) (?P<value>\S+)")
def _field(event: Json, field: str, value: str) -> None:
    fields = event["data"].setdefault("extendedFields", {}) if event["type"] == "TransactionAdd" else event["data"]
    fields[field] = value
