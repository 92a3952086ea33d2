"""Search for features for both models, and tell what was found, with the evidence, or that nothing helps."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsmith.tools.compute.features import metrics, proposed
from opsmith.tools.compute.features.ask import Asking, Wish, leak_findings
from opsmith.tools.compute.features.duplicates import without_copies
from opsmith.tools.compute.features.expression import Column, Node, columns_of, written
from opsmith.tools.compute.features.families import Children, Family, Interactions, Pairs
from opsmith.tools.compute.features.families_more import families
from opsmith.tools.compute.features.featureset import Entry, FeatureSet, read_set
from opsmith.tools.compute.features.problem import Engine, Problem, one_thread
from opsmith.tools.compute.features.proposed import Proposal
from opsmith.tools.compute.features.refusals import gives_away
from opsmith.tools.compute.features.related import told_late
from opsmith.tools.compute.features.search import Outcome, search
from opsmith.tools.compute.features.words import in_words, name_of
from opsmith.tools.contract import Context, Finding

_LINEAR = frozenset(
    ("logistic_regression", "linear_regression", "ridge", "lasso", "elastic_net", "svm", "naive_bayes", "linear")
)
MOST = 10


@dataclass(frozen=True)
class Suggestions:
    """What a search found: the set, what was refused, and how it was looked for."""

    features: FeatureSet
    findings: tuple[Finding, ...]
    summary: dict[str, Any]


def suggest(asking: Asking, wish: Wish, *, only: Sequence[str] = ()) -> Suggestions:
    """The features that help to predict the target, proved on held-out folds. Kept, so that asking again is instant."""
    context = asking.context
    target = asking.target(wish, "should the features help to predict")
    kept = context.home / "features" / f"{asking.key(wish)}{'-' + '-'.join(only) if only else ''}.json"
    if kept.is_file():
        return _read(kept)
    context.progress(0.01, f"looking at {asking.table.name}")
    first = asking.problem(wish)
    findings = leak_findings(first.frame, first.roles, target, asking.table.name, context.seed)
    findings += [Finding("child-time", "warning", text) for text in told_late(asking.table, asking.links, context)]
    refused = [f.columns[0] for f in findings if f.severity == "critical"]
    problem = asking.problem(wish, refused, first) if refused else first
    proposals = proposed.read(wish.candidates, problem, refused, target)
    added: list[Family] = [proposed.Proposals([p.node for p in proposals if p.node])] if proposals else []
    added += [Children([a.name for a in asking.aggregates])] if asking.aggregates else []
    searched = (*added, *_families(wish, only))
    engines = _engines(wish)
    deadline = asking.deadline()
    outcomes: list[Outcome] = []
    for number, engine in enumerate(engines):
        problem.left = deadline.share(1 / (len(engines) - number)).left
        with one_thread():
            share = 1 / len(engines)
            outcomes.append(_one(problem, engine, wish, searched, context, number * share, share))
        if outcomes[-1].stopped == "it was stopped":
            break
    problem.left = deadline.left
    with one_thread():
        without_copies(problem, outcomes)
    summary = _summary(asking, problem, outcomes)
    if proposals:
        with one_thread():
            summary["proposals"] = proposed.verdicts(proposals, problem, outcomes)
    made = Suggestions(_set(asking, problem, outcomes, wish, proposals), tuple(findings), summary)
    if not any(o.stopped == "it was stopped" for o in outcomes):
        _keep(kept, made)
    return made


def closest_as_asked(found: Suggestions, taken: Sequence[str], most: int = 3) -> Suggestions:
    """The candidates that came closest, as a set: for who asks for the columns although nothing gains beyond chance.

    taken: names of the table's columns. The set is empty when nothing was measured.
    """
    ranked: dict[str, Entry] = {}
    for one in found.summary["searches"]:
        for near in one["closest"]:
            entry = Entry("", near["expression"], "asked", near["gain"], None, (one["model"],))
            known = ranked.get(entry.expression)
            if known is None or (known.gain or 0) < near["gain"]:
                ranked[entry.expression] = entry
    names, entries = list(taken), []
    for entry in sorted(ranked.values(), key=lambda e: -(e.gain or 0))[:most]:
        name = name_of(entry.node, names)
        names.append(name)
        entries.append(dataclasses.replace(entry, name=name, meaning=in_words(entry.node)))
    kinds = {c: found.summary["columns"][c] for e in entries for c in columns_of(e.node)}
    return dataclasses.replace(
        found, features=dataclasses.replace(found.features, features=tuple(entries), kinds=kinds)
    )


def _engines(wish: Wish) -> list[Engine]:
    if wish.algorithm is None:
        return ["linear", "boosted"]
    return ["linear"] if wish.algorithm in _LINEAR else ["boosted"]


def _one(
    problem: Problem,
    engine: Engine,
    wish: Wish,
    of: Sequence[Family],
    context: Context,
    start: float,
    share: float,
) -> Outcome:
    def progress(fraction: float | None, note: str) -> None:
        context.progress(None if fraction is None else start + share * fraction, note)

    outcome = problem.outcome

    def refused(node: Node, values: np.ndarray) -> bool:
        return gives_away(values, outcome[problem.sample(len(values))], problem.task)

    return search(
        problem,
        engine,
        of,
        most=min(MOST, wish.n or MOST),
        progress=progress,
        refused=refused,
    )


def _families(wish: Wish, only: Sequence[str]) -> tuple[Family, ...]:
    if "interactions" in only:
        return (Interactions(), Pairs())
    return families(wish.country)


def _set(
    asking: Asking, problem: Problem, outcomes: Sequence[Outcome], wish: Wish, proposals: Sequence[Proposal]
) -> FeatureSet:
    """Features of both models in one set; one that helps both is listed once, with its larger gain."""
    taken = list(asking.table.column_names)
    entries: dict[Node, Entry] = {}
    said: dict[Node, str] = {Column(a.name): a.meaning for a in asking.aggregates}
    said |= {p.node: p.meaning for p in proposals if p.node and p.meaning}
    names = {Column(a.name): a.name for a in asking.aggregates} | {
        p.node: p.name for p in proposals if p.node and p.name
    }
    for outcome in outcomes:
        for feature in outcome.features:
            known = entries.get(feature.node)
            models = (*(known.models if known else ()), feature.engine)
            if known and (known.gain or 0) >= feature.gain.mean:
                entries[feature.node] = Entry(**{**known.__dict__, "models": models})
                continue
            own = names.get(feature.node, "")
            free = own and (isinstance(feature.node, Column) or own.casefold() not in {t.casefold() for t in taken})
            name = known.name if known else own if free else name_of(feature.node, taken)
            taken.append(name)
            interval = (round(feature.gain.low, 5), round(feature.gain.high, 5))
            entries[feature.node] = Entry(
                name,
                written(feature.node),
                feature.family,
                round(feature.gain.mean, 5),
                interval,
                models,
                said.get(feature.node) or in_words(feature.node),
            )
    ordered = tuple(sorted(entries.values(), key=lambda e: -(e.gain or 0)))[: min(MOST, wish.n or MOST)]
    kinds = {c: problem.roles.kinds[c] for e in ordered for c in columns_of(e.node)}
    return FeatureSet(
        asking.table.name,
        problem.target,
        problem.task,
        problem.metric,
        kinds,
        ordered,
        _scores(problem, outcomes),
        tuple(asking.aggregates),
    )


def _scores(problem: Problem, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for o in outcomes:
        if not o.before:
            continue
        before = metrics.shown(problem.metric, float(np.mean(o.before)))
        after = metrics.shown(problem.metric, float(np.mean(o.after))) if o.after else before
        told[o.engine] = {"before": round(before, 5), "after": round(after, 5), "features": len(o.features)}
    return told


def _summary(asking: Asking, problem: Problem, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "rows": asking.table.rows, "rows_used": len(problem.y), "seconds": asking.seconds,
        "task": problem.task, "metric": problem.metric,
        "validated_by": problem.splits.words, "columns": dict(problem.roles.kinds),
        "searches": [
            {"model": o.engine, "proposed": o.made, "candidates": o.tried, "measured": o.measured,
             "passed_screening": o.passed, "passed_when_shuffled": o.shuffled,
             "kept": len(o.features), "stopped": o.stopped, "out_of_time": o.cut,
             "closest": [{"expression": written(n), "gain": round(v, 5)} for n, v in o.closest[:3]],
             "costs": {written(f.node): round(f.cost, 2) for f in o.features}}
            for o in outcomes
        ],
    }  # fmt: skip


def _keep(path: Any, made: Suggestions) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    findings = [{**f.__dict__, "evidence": dict(f.evidence)} for f in made.findings]
    path.write_text(
        json.dumps({"set": made.features.to_yaml(), "findings": findings, "summary": made.summary}, default=str),
        encoding="utf-8",
    )


def _read(path: Any) -> Suggestions:
    plain = json.loads(path.read_text(encoding="utf-8"))
    findings = tuple(
        Finding(**{**f, "columns": tuple(f["columns"]), "rows": tuple(f["rows"])}) for f in plain["findings"]
    )
    return Suggestions(read_set(plain["set"]), findings, plain["summary"])
