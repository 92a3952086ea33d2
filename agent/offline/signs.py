"""What a sentence holds besides its words: values of the field's vocabularies, the form of a question, known facts.

The classifier gets these as yes/no signs, so that an algorithm, a channel or a schedule it never saw in training
still speaks for the intent that takes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from opsmith.agent.offline import grammar, operations
from opsmith.agent.offline.words import STOP, tokens

_QUESTION = re.compile(
    r"^\W*(?:and |so |ok,? |but |hey,? )*(?:how|what|which|who|when|where|why|is|are|was|were|do|does|did|has|have|can|could|will|would|should|"
    r"wie|was|welche\w*|wer|wann|warum|ist|sind|hat|qué|cuál\w*|cuánt\w*|quién|cómo|combien|quel\w*|qui|est-ce|comment)\b|\?\s*$|吗|多少|什么|哪"
)
_ACTS = re.compile(
    r"^\W*(?:please |pls |now |then |ok,? |and |also |just )*(?:run|make|give|show|list|use|put|write|set|get|take|try|do|send|let|start|stop|turn|build|create|fit|train)\b"
)
_IT = re.compile(r"\b(?:it|its|this|that|them|these|those|there)\b")
_ROWS = re.compile(r"\b(?:rows?|lines?|records?|entries|duplicates?|columns?)\b")


def signs(text: str, *, known_facts: float = 0.0) -> list[float]:
    """Yes/no signs of a lower-case text in which names stand as FILE, COL, MODEL; always in the same order.

    known_facts: share of the text's content words that a stored fact has (`overlap`).
    """
    resources = grammar.resources(text)
    named = operations.asked(text, operations.FEATURES)
    told = [
        bool(grammar.pick(text, grammar.ALGORITHMS)),
        bool(grammar.pick(text, grammar.METRICS)),
        bool(grammar.pick(text, grammar.CLOUDS)) or bool(grammar.pick(text, grammar.ENVIRONMENTS)),
        bool(grammar.pick(text, grammar.ARTIFACTS)),
        bool(grammar.pick(text, grammar.CHANNELS)),
        grammar.schedule(text) is not None,
        grammar.threshold(text) is not None,
        bool({"replicas", "min_replicas", "memory", "cpu", "port"} & set(resources)),
        "tag" in resources,
        operations.aggregate(text) is not None,
        bool(operations.asked(text, operations.CLEAN)),
        bool(set(named) - {"generate", "suggest"}),
        grammar.folds(text) is not None or grammar.test_size(text) is not None,
        grammar.version(text) is not None,
        bool(grammar.DRY_RUN.search(text)),
        bool(_QUESTION.search(text)),
        bool(_ACTS.search(text)),
        bool(_IT.search(text)),
        bool(_ROWS.search(text)),
        known_facts >= 0.5,
        known_facts >= 0.25,
    ]
    return [float(t) for t in told]


def overlap(text: str, facts: Iterable[str]) -> float:
    """The largest share of a text's content words that one stored fact has; 0 when fewer than two letters remain."""
    said = {w for w in tokens(text) if len(w) > 2 and w not in STOP and w not in _EMPTY}
    if not said:
        return 0.0
    return max((len(said & set(tokens(fact))) / len(said) for fact in facts), default=0.0)


_EMPTY = frozenset(
    ["the", "what", "which", "who", "when", "where", "how", "did", "doe", "was", "were", "are", "our", "you", "your", "with",
     "that", "thi", "this", "for", "and", "again", "about", "tell", "know", "can", "remember", "forget", "please"]
)  # fmt: skip
