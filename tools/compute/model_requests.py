"""What a cleaning has to ask a model's server first: which texts, what it costs, and the one action that asks and writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsmith.tools.compute import entities_model
from opsmith.tools.compute.cells import counted
from opsmith.tools.compute.entities import known_types
from opsmith.tools.compute.model_prices import cost, prices
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.recipe_run import Run
from opsmith.tools.compute.steps import names, vectors
from opsmith.tools.contract import Action, Context, Preview, Table
from opsmith.tools.data import propose

KIND = "ask_model"


@dataclass(frozen=True)
class Wanted:
    """Texts of one step that a model's server has to answer. about: under which name the answers are kept."""

    step: str  # embed or entities
    model: str
    url: str
    kinds: tuple[str, ...]
    about: str
    texts: tuple[str, ...]

    @property
    def amounts(self) -> tuple[int, int, int]:
        """(requests, tokens in, tokens out), estimated."""
        if self.step == "entities":
            return entities_model.estimate(self.texts)
        return -(-len(self.texts) // 64), sum(map(len, self.texts)) // 4, 0


def wanted(steps: Sequence[Step], run: Run) -> list[Wanted]:
    """What the steps of a run noted as unanswered."""
    found = []
    for step, fitted in zip(steps, run.fitted, strict=False):
        texts = tuple(dict.fromkeys(fitted.get("unanswered", ())))
        if not texts:
            continue
        if step.step == "entities":
            kinds = known_types(list(step.options.get("kinds", ())))
            model = str(step.options["entity_model"])
            found.append(Wanted("entities", model, "", kinds, names.about_of(step, kinds), texts))
        else:
            url = str(step.options.get("embedding_url", ""))
            found.append(Wanted("embed", vectors.model_name(step), url, (), vectors.about_of(step), texts))
    return found


def sentence(asked: Sequence[Wanted]) -> str:
    """What would be sent, to whom, and for how much."""
    return " ".join(_told(w) for w in asked)


def _told(one: Wanted) -> str:
    requests, tokens_in, tokens_out = one.amounts
    dollars = cost(one.model, tokens_in, tokens_out)
    price = "price unknown" if dollars is None else f"about ${dollars:.4f} at the prices of {prices()['date']}"
    at = f" at {one.url}" if one.url else ""
    return (
        f"{counted(len(one.texts), 'text')} would be sent to {one.model}{at} in {counted(requests, 'request')}: about "
        f"{tokens_in:,} tokens there and {tokens_out:,} back, {price}."
    )


def action(
    context: Context, call: Mapping[str, Any], asked: Sequence[Wanted], output: str, tables: Sequence[Table]
) -> Action:
    """The action that sends exactly these texts and then writes the cleaned copy. The texts are staged as a file."""
    path = propose.new_scratch_file(context, ".jsonl")
    with path.open("w", encoding="utf-8") as file:
        for one in asked:
            head = {"step": one.step, "model": one.model, "url": one.url, "kinds": one.kinds, "about": one.about}
            file.write(json.dumps({**head, "texts": one.texts}, ensure_ascii=False) + "\n")
    where, sha256 = propose.stage(context, path)
    notes = (
        sentence(asked),
        "Answers are kept, so no text is sent twice. What was sent cannot be taken back; the files can.",
        f"Then {output} is written with its recipe and report; the original is not changed.",
    )
    preview = Preview(
        f"ask {' and '.join(w.model for w in asked)}, then write {output}", tables=tuple(tables), notes=notes
    )
    arguments = {"call": {**call, "output": output}, "texts": {"staged": where, "sha256": sha256}, "output": output}
    return Action(KIND, output, arguments, preview, reversible=False, risk="medium", provides=(output,))
