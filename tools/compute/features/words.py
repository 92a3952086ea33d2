"""A formula in plain words, and a short name for the column it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opsmith.tools.compute.features.expression import Call, Column, Node, Number, Text, function_of

_SHORT = {
    "multiply": "x", "divide": "per", "subtract": "minus", "add": "plus", "over": "over", "under": "under", "is": "is",
}  # fmt: skip


def in_words(node: Node) -> str:
    """How a formula reads to somebody who knows the table.

    >>> from opsmith.tools.compute.features.expression import parse
    >>> in_words(parse('(smoker = "yes") * bmi'))
    'bmi where smoker is yes, else 0'
    """
    if isinstance(node, Number):
        return f"{node.value:g}"
    if isinstance(node, (Text, Column)):
        return node.value if isinstance(node, Text) else node.name
    if node.name == "multiply":
        first, second = node.arguments
        flags = [a for a in node.arguments if _is_flag(a)]
        if len(flags) == 2:
            return f"whether {_condition(first)} and {_condition(second)}"
        if flags:
            other = second if flags[0] is first else first
            return f"{in_words(other)} where {_condition(flags[0])}, else 0"
        if first == second:
            return f"{in_words(first)} squared"
    if node.name == "is" and isinstance(node.arguments[0], Call) and node.arguments[0].name == "rare":
        column, least = (in_words(a) for a in node.arguments[0].arguments)
        return f"whether the value of {column} is a rare one (seen fewer than {least} times)"
    told = [in_words(a) for a in node.arguments]
    rest = ", ".join(told[1:4]) + (f" and {len(told) - 4} more" if len(told) > 4 else "")
    usage = function_of(node)
    if node.name == "keyword_risk" and len(told) > 1:
        return f"the weights of the terms {', '.join(told[1:])} in {told[0]}, added up"
    needed = usage.words.count("{")
    return usage.words.format(*told, *[""] * max(0, needed - len(told)), rest=rest)


def _is_flag(node: Node) -> bool:
    if isinstance(node, Call) and node.name == "multiply":
        return all(_is_flag(a) for a in node.arguments)
    return isinstance(node, Call) and node.name in ("is", "over", "under", "missing", "holiday")


def _condition(node: Node) -> str:
    return in_words(node).removeprefix("whether ")


def name_of(node: Node, taken: Iterable[str] = ()) -> str:
    """A column name for a formula, in letters, digits and underscores, that is not yet taken.

    >>> from opsmith.tools.compute.features.expression import parse
    >>> name_of(parse('(smoker = "yes") * (bmi > 30)'))
    'smoker_is_yes_x_bmi_over_30'
    """
    slug = re.sub(r"[^\w]+", "_", _slug(node)).strip("_").lower()
    slug = re.sub(r"_+", "_", slug)
    base = slug if len(slug) <= 48 else slug[:48].rstrip("_")
    base = base or "feature"
    if base[0].isdigit():
        base = "f_" + base
    known = {t.casefold() for t in taken}
    number, name = 2, base
    while name.casefold() in known:
        name, number = f"{base}_{number}", number + 1
    return name


def _slug(node: Node) -> str:
    if isinstance(node, Number):
        return f"{node.value:g}".replace("-", "minus")
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Column):
        return node.name
    told = [_slug(a) for a in node.arguments]
    if node.name == "multiply" and node.arguments[0] == node.arguments[1]:
        return f"{told[0]}_squared"
    if node.name in _SHORT:
        return f"{told[0]}_{_SHORT[node.name]}_{told[1]}"
    if node.name == "component":
        return f"component_{told[0]}"
    if node.name in ("keyword_risk", "mentions"):
        return f"{told[0]}_{'risk' if node.name == 'keyword_risk' else 'keywords'}"
    return f"{node.name}_{'_'.join(told[:3])}"
