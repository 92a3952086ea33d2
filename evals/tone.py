"""A model as judge of tone and helpfulness only. Off unless asked for; never part of passing, safety or numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsmith import prompts
from opsmith.agent.planner import failure, make_planner
from opsmith.evals.trace import Play
from opsmith.tools.contract import ToolError

_GRADE = re.compile(r"\b([1-5])\b")


def grade(play: Play, model: str, settings: Mapping[str, Any]) -> float | None:
    """A grade from 0 to 1 for the whole conversation, or None where the judge gave none."""
    talk = "\n".join(f"Person: {t.text}\nAgent: {t.answer}" for t in play.turns)
    judge = make_planner(model, settings)
    try:
        answer = judge.invoke(prompts.load("judge_tone", conversation=talk[:12_000]))
    except Exception as error:
        raise ToolError(str(failure(error))) from None
    found = _GRADE.search(str(answer.content))
    return (int(found[1]) - 1) / 4 if found else None
