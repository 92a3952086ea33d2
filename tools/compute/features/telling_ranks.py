"""A ranking of columns as a result: a sentence, a table, bars; leaks first."""

from __future__ import annotations

from collections.abc import Sequence

from opsmith.tools.compute.features import metrics
from opsmith.tools.compute.features.problem import Problem
from opsmith.tools.compute.features.ranking import Ranking
from opsmith.tools.contract import Chart, Finding, Result, Table

_SHOWN = 20


def result(dataset: str, problem: Problem, ranking: Ranking, findings: Sequence[Finding], n: int | None) -> Result:
    """The ranking with its evidence; nothing is proposed."""
    metric = metrics.NAMES.get(problem.metric, problem.metric)
    sure = [w for w in ranking.columns if w.low > 0]
    alone = (
        "R² alone" if problem.task == "regression" else ("AUC alone" if problem.task == "binary" else "accuracy alone")
    )
    rows = tuple(
        (i, w.column, f"{w.loss:+.4f} ({w.low:+.4f} to {w.high:+.4f})", "" if w.alone is None else round(w.alone, 3),
         "yes" if w.low > 0 else "not beyond chance")
        for i, w in enumerate(ranking.columns[: n or _SHOWN], 1)
    )  # fmt: skip
    leaks = [f.columns[0] for f in findings if f.severity == "critical"]
    names = ", ".join(w.column for w in (sure or ranking.columns)[:3])
    told = f"{names} tell{'s' if ',' not in names else ''} most about {problem.target} in {dataset}" if sure else (
        f"No column of {dataset} tells anything about {problem.target} beyond chance"
    )  # fmt: skip
    if leaks:
        told += f"; {', '.join(leaks)} would be a leak and {'is' if len(leaks) == 1 else 'are'} left out"
    score = metrics.shown(problem.metric, ranking.score)
    told += f" ({ranking.engine} model, {metric} {score:.4g} on held-out folds)."
    data = {
        "target": problem.target, "metric": problem.metric, "score": round(score, 5), "model": ranking.engine, "leaks": leaks,
        "columns": [{"column": w.column, "loss": round(w.loss, 5), "interval": [round(w.low, 5), round(w.high, 5)],
                     "alone": None if w.alone is None else round(w.alone, 4)} for w in ranking.columns],
    }  # fmt: skip
    top = ranking.columns[:12]
    chart = Chart(
        f"Loss of {metric} when shuffled", "bar", tuple(w.column for w in top), {"loss": tuple(w.loss for w in top)}
    )
    table = Table(
        f"What predicts {problem.target}", ("#", "column", f"loss of {metric} when shuffled", alone, "useful"), rows
    )
    return Result(
        told,
        data,
        tuple(findings),
        (table,),
        (chart,),
        next_steps=(f"suggest features for {problem.target} in {dataset}",),
    )


def nothing_left(target: str, dataset: str, findings: Sequence[Finding]) -> Result:
    """Every usable column is refused."""
    leaks = [f.columns[0] for f in findings if f.severity == "critical"]
    told = f"Nothing can be ranked for {target} in {dataset}: {', '.join(leaks)} would be a leak, and no other column is usable."
    return Result(told, {"target": target, "leaks": leaks, "columns": []}, tuple(findings))
