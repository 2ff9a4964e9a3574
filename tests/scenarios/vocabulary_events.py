"""Sentences about everything else: calls of the organisation, and passing time."""

from decimal import Decimal

from milepost.rules.calendar import calendar_of
from tests.scenarios.scenario_story import Called, Decision, Enrolment, Json, Player
from tests.scenarios.vocabulary import Doing, deeds
from tests.scenarios.vocabulary_time import with_lines


@deeds(
    r"(?P<who>\w+) is enrolled(?: again)?(?: in (?P<target>\w+))?(?: from (?P<period>[\w-]+))?"
    r"(?:, balance (?P<balance>\S+?))?(?:, own goals (?P<goals>\S+ \S+(?: and \S+ \S+)*))?(?P<anew>, starting anew)?"
)
def _is_enrolled(
    called: Called,
    who: str,
    target: str = "",
    period: str | None = None,
    balance: str | None = None,
    goals: str | None = None,
    anew: str | None = None,
) -> Doing:
    given = (goal.split(" ") for goal in goals.split(" and ")) if goals else ()
    enrolment = Enrolment(
        customer=who,
        target=target or called.scenario.target_names()[-1],
        period=period,
        balance=None if balance is None else Decimal(balance),
        received_at=called.received_at,
        goals={name: Decimal(goal) for name, goal in given},
        reset=anew is not None,
    )
    return lambda player: player.enrol(enrolment)


@deeds(r"(?P<who>\w+) leaves(?: (?P<target>\w+))?")
def _leaves(called: Called, who: str, target: str = "") -> Doing:
    left = target or called.scenario.target_names()[-1]
    return lambda player: player.leave(who, left, called.received_at)


@deeds(r"(?P<who>\w+) is granted (?P<freezes>\d+) freezes? in (?P<group>\w+)")
def _is_granted(called: Called, who: str, freezes: str, group: str) -> Doing:
    return lambda player: player.grant(who, group, int(freezes), called.received_at)


@deeds(r"(?P<who>\w+) pauses (?P<group>\w+) from (?P<starts>\S+) to (?P<ends>\S+)")
def _pauses(called: Called, who: str, group: str, starts: str, ends: str) -> Doing:
    calendar = calendar_of(called.scenario.zone)
    span = calendar.read(starts).instant, calendar.read(ends).instant
    return lambda player: player.pause(who, group, *span, called.received_at)


@deeds(
    r"(?P<who>\w+) asks for (?P<amount>\S+) (?P<kind>regular|promotional) "
    r"(?:points|(?P<currency>\w+) of programme (?P<programme>\d+)) as (?P<id_>\w+)"
    r"(?: for a bill of (?P<net>[\d.]+)(?P<lines>(?:, with [^,]+)*))?, gets (?P<given>\S+)"
)
def _asks_for(
    called: Called,
    who: str,
    amount: str,
    kind: str,
    id_: str,
    given: str,
    currency: str | None = None,
    programme: str | None = None,
    net: str | None = None,
    lines: str = "",
) -> Doing:
    bill: Json | None = None if net is None else {"number": "", "netAmount": net} | with_lines(lines)
    decision = Decision(
        customer=who,
        id=id_,
        amount=Decimal(amount),
        kind=kind.upper(),
        currency=currency,
        program_id=None if programme is None else int(programme),
        bill=bill,
        received_at=called.received_at,
    )

    def ask(player: Player) -> None:
        assert (id_, Decimal(given)) == (id_, player.decide(decision))

    return ask


@deeds(r"the setting (?P<name>\w+) becomes (?P<value>\S+)")
def _becomes(called: Called, name: str, value: str) -> Doing:
    return lambda player: player.set(name, value, called.received_at)


@deeds(r"the goals of (?P<target>\w+) become (?P<goal>\S+)")
def _goals_become(called: Called, target: str, goal: str) -> Doing:
    number = len(called.scenario.group_of(target)["periods"])
    change = {"defaultValues": [{"defaultValue": goal} for _ in range(number)]}
    return lambda player: player.edit(target, change, called.received_at)


@deeds(r"the rule of (?P<target>\w+) becomes (?P<expression>.+)")
def _rule_becomes(called: Called, target: str, expression: str) -> Doing:
    return lambda player: player.edit(target, {"expression": expression}, called.received_at)


@deeds(r"what is stored counts in (?P<target>\w+)")
def _what_is_stored_counts(called: Called, target: str) -> Doing:
    return lambda player: player.count_stored(target, called.received_at)


@deeds(r"(?P<who>\w+) enters the audience (?P<audience>\w+)")
def _enters(called: Called, who: str, audience: str) -> Doing:
    return lambda player: player.enter(who, audience, called.received_at)


@deeds(r"(?P<who>\w+) goes out of the audience (?P<audience>\w+)")
def _goes_out(called: Called, who: str, audience: str) -> Doing:
    return lambda player: player.go_out(who, audience, called.received_at)


@deeds(r"(?P<victim>\w+) is merged into (?P<survivor>\w+)")
def _is_merged(called: Called, victim: str, survivor: str) -> Doing:
    return lambda player: player.merge(victim, survivor, called.received_at)


@deeds(r"time passes")
def _time_passes(called: Called) -> Doing:
    return lambda player: player.pass_time(called.received_at)
