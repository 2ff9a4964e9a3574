"""Functions over the lines of a bill (facts 5.4): sums, quantities and counts of the lines that match.

A line matches if an item attribute equals one of the values, if the attribute contains a pattern, or if one of the
line's numbers compares as asked. Sums add net amounts unless the name says Gross. Count counts lines, Qty pieces.
"""

from collections.abc import Callable
from decimal import Decimal

from milepost.language.parameters import Parameter, comparison, field, label, option, quantity, search
from milepost.language.profiles.profile import Arguments, Function, bill_of
from milepost.language.values import Evaluate, EvaluationContext, Kind, Value, compare, spelling, total
from milepost.model.event import Line, Scalar

Test = Callable[[Line], bool]


def item_attribute(line: Line, name: str) -> Scalar:
    """Return the item attribute *name* of *line*.

    `code` and `description` are fields of the line; an attribute of the same name takes precedence.
    """
    if name in line.attributes:
        return line.attributes[name]
    match name:
        case "code":
            return line.code
        case "description":
            return line.description
        case _:
            return None


def has_value(arguments: Arguments) -> Test:
    """Return a test whether a line's attribute (the first argument) equals one of the values (the other arguments)."""
    name, values = label(arguments[0]), frozenset(map(option, arguments[1:]))
    return lambda line: spelling(item_attribute(line, name)) in values


def field_has_value(arguments: Arguments) -> Evaluate:
    """Return a test whether the bill's extended field equals one of the values; it is false for a missing field."""
    name, values = label(arguments[0]), frozenset(map(option, arguments[1:]))

    def includes(context: EvaluationContext) -> Value:
        bill = bill_of(context)
        return None if bill is None else spelling(bill.extended_fields.get(name)) in values

    return includes


def field_lacks_value(arguments: Arguments) -> Evaluate:
    """Return the opposite of `field_has_value`."""
    return _opposite(field_has_value(arguments))


def line_has_value(arguments: Arguments) -> Evaluate:
    """Return a test whether the current line's attribute equals one of the values."""
    matches = has_value(arguments)
    return lambda context: None if context.line is None else matches(context.line)


def _matches_pattern(arguments: Arguments) -> Test:
    return _attribute_test(label(arguments[0]), search(arguments[1]))


def _attribute_test(name: str, matches_text: Callable[[str], bool]) -> Test:
    def matches(line: Line) -> bool:
        value = spelling(item_attribute(line, name))
        return value is not None and matches_text(value)

    return matches


def _brand_matches(arguments: Arguments) -> Test:
    return _attribute_test("brand", search(arguments[0]))


def _category_matches(arguments: Arguments) -> Test:
    return _attribute_test("category", search(arguments[0]))


def _compares(arguments: Arguments) -> Test:
    read, operator, limit = _FIELDS[field(arguments[0])], comparison(arguments[1]), quantity(arguments[2])
    return lambda line: compare(operator, read(line), limit) is True


def _opposite(evaluate: Evaluate) -> Evaluate:
    def opposite(context: EvaluationContext) -> Value:
        value = evaluate(context)
        return None if value is None else value is False

    return opposite


def _net(line: Line) -> Decimal:
    return line.net


def _gross(line: Line) -> Decimal:
    return line.gross


def _pieces(line: Line) -> Decimal:
    return line.quantity


def _count_of_one(_line: Line) -> Decimal:
    return Decimal(1)


_FIELDS: dict[str, Callable[[Line], Decimal]] = {
    "AMOUNT": _net,
    "DISCOUNT": lambda line: line.discount,
    "QUANTITY": _pieces,
    "RATE": lambda line: line.rate,
    "VALUE": _gross,
}


def _adding(measure: Callable[[Line], Decimal], test: Callable[[Arguments], Test]) -> Callable[[Arguments], Evaluate]:
    def build(arguments: Arguments) -> Evaluate:
        matches = test(arguments)

        def add(context: EvaluationContext) -> Value:
            bill = bill_of(context)
            return None if bill is None else total(measure(line) for line in bill.lines if matches(line))

        return add

    return build


def _any(test: Callable[[Arguments], Test]) -> Callable[[Arguments], Evaluate]:
    def build(arguments: Arguments) -> Evaluate:
        matches = test(arguments)

        def includes(context: EvaluationContext) -> Value:
            bill = bill_of(context)
            return None if bill is None else any(map(matches, bill.lines))

        return includes

    return build


def _none(test: Callable[[Arguments], Test]) -> Callable[[Arguments], Evaluate]:
    includes = _any(test)
    return lambda arguments: _opposite(includes(arguments))


VALUES = (Parameter.LABEL, Parameter.OPTION)
_PATTERN = (Parameter.LABEL, Parameter.PATTERN)
_CONDITION = (Parameter.FIELD, Parameter.COMPARISON, Parameter.QUANTITY)


def _functions() -> dict[str, Function]:
    measures = {"basketSum": _net, "basketQty": _pieces, "basketCount": _count_of_one}
    functions = dict[str, Function]()
    for name, measure in measures.items():
        functions[name] = Function(VALUES, Kind.NUMBER, _adding(measure, has_value), open_ended=True)
        functions[f"{name}Regex"] = Function(_PATTERN, Kind.NUMBER, _adding(measure, _matches_pattern))
        functions[f"{name}If"] = Function(_CONDITION, Kind.NUMBER, _adding(measure, _compares))
    functions["basketSumGross"] = Function(VALUES, Kind.NUMBER, _adding(_gross, has_value), open_ended=True)
    functions["basketSumRegexGross"] = Function(_PATTERN, Kind.NUMBER, _adding(_gross, _matches_pattern))
    for name, quantifier in {"basketIncludes": _any, "basketExcludes": _none}.items():
        functions[name] = Function(VALUES, Kind.BOOLEAN, quantifier(has_value), open_ended=True)
        functions[f"{name}Regex"] = Function(_PATTERN, Kind.BOOLEAN, quantifier(_matches_pattern))
        only = (Parameter.PATTERN,)
        functions[f"{name}RegexBrand"] = Function(only, Kind.BOOLEAN, quantifier(_brand_matches))
        functions[f"{name}RegexCategory"] = Function(only, Kind.BOOLEAN, quantifier(_category_matches))
    return functions


BASKET_FUNCTIONS = _functions()
"""The functions of `currentTxn` over its lines, by name."""
