"""What may be better still than a feature that proved itself: the same idea bent, limited, or combined once more."""

from __future__ import annotations

from collections.abc import Iterator

from opsmith.tools.compute.features.expression import Call, Column, Node, columns_of, walk
from opsmith.tools.compute.features.look import Look, call

MOST_NODES = 9  # parts of a formula that may still grow


def expanded(node: Node, look: Look) -> list[Node]:
    """New candidates that grow from `node`; none from one that is long already."""
    if sum(1 for _ in walk(node)) > MOST_NODES:
        return []
    return list(_grown(node, look))


def _grown(node: Node, look: Look) -> Iterator[Node]:
    used = set(columns_of(node))
    for flag in look.flags[:40]:
        if not used & set(columns_of(flag)):
            yield Call("multiply", (flag, node))
    for a in [n for n in look.measures if n not in used][:12]:
        yield Call("multiply", (node, Column(a)))
        for cut in look.cuts(a, 4):
            yield Call("multiply", (node, call("over", a, cut)))
    if not (isinstance(node, Call) and node.name in ("is", "over", "under", "missing")):
        yield Call("log", (node,))
        yield Call("multiply", (node, node))
    if isinstance(node, Call) and node.name == "multiply":
        first, second = node.arguments
        if isinstance(second, Column):
            yield Call("multiply", (node, second))
            for cut in look.cuts(second.name, 19):
                yield Call("multiply", (first, call("over", second.name, cut)))
