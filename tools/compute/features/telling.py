"""What a feature search found, in a sentence, small tables and a chart."""

from __future__ import annotations

from typing import Any

from opsmith.tools.compute.features import metrics
from opsmith.tools.compute.features.featureset import Entry, FeatureSet
from opsmith.tools.compute.features.suggest import Suggestions
from opsmith.tools.contract import Chart, Table

MODELS = {"linear": "linear model", "boosted": "boosted model"}


def headline(found: Suggestions) -> str:
    """The finding in one or two sentences: how many features, what they lift, or that nothing helps."""
    s, metric = found.features, metrics.NAMES.get(found.features.metric, found.features.metric)
    told = []
    for model, scores in s.scores.items():
        count = sum(model in f.models for f in s.features)
        if count:
            told.append(
                f"{count} feature{'s' if count > 1 else ''} move{'s' if count == 1 else ''} the {MODELS[model]}'s {metric} from "
                f"{scores['before']:.4g} to {scores['after']:.4g}"
            )
        else:
            told.append(f"no feature helps the {MODELS[model]} ({metric} {scores['before']:.4g})")
    tried = sum(int(x["candidates"]) for x in found.summary["searches"])
    if not s.features:
        return (
            f"Nothing helps to predict {s.target} of {s.dataset}: of {tried:,} candidates none gains on held-out folds "
            f"beyond chance ({'; '.join(told)}). Adding columns would only cost."
        )
    sentence = "; ".join(told)
    return f"{sentence[0].upper()}{sentence[1:]}, on held-out folds of {s.dataset} ({tried:,} candidates tried for {s.target})."


def feature_table(found: Suggestions) -> Table:
    """The features in order: formula, gain with interval, models, meaning, cost."""
    costs = {e: c for x in found.summary["searches"] for e, c in x.get("costs", {}).items()}
    rows = tuple(
        (i, f.name, f.expression, interval(f), " and ".join(f.models), f.meaning,
         f"{costs[f.expression]:.2g} ms" if f.expression in costs else "")
        for i, f in enumerate(found.features.features, 1)
    )  # fmt: skip
    metric = metrics.NAMES.get(found.features.metric, found.features.metric)
    return Table(
        "Features", ("#", "feature", "formula", f"gain in {metric}", "helps", "meaning", "cost of 1,000 rows"), rows
    )


def interval(entry: Entry) -> str:
    """The gain with its 95 % interval, as `+0.0052 (+0.0026 to +0.0078)`."""
    if entry.gain is None:
        return "not measured"
    low, high = entry.interval or (entry.gain, entry.gain)
    return f"{entry.gain:+.4f} ({low:+.4f} to {high:+.4f})"


def search_table(found: Suggestions) -> Table:
    """How each model was searched: candidates, screening, the shuffled control, the end."""
    rows = tuple(
        (
            MODELS[x["model"]],
            f"{x['candidates']:,}",
            x["passed_screening"],
            x["passed_when_shuffled"],
            x["kept"],
            x["stopped"],
        )
        for x in found.summary["searches"]
    )
    return Table(
        "Search", ("for the", "candidates", "stand out", "stand out when shuffled", "kept", "stopped because"), rows
    )


def closest_table(found: Suggestions) -> tuple[Table, ...]:
    """The best of what was measured and not kept, as evidence for `nothing helps`."""
    rows = tuple(
        (MODELS[x["model"]], c["expression"], f"{c['gain']:+.4f}")
        for x in found.summary["searches"]
        for c in x["closest"][:3]
        if not x["kept"]
    )
    return (Table("Measured, not kept", ("for the", "formula", "gain"), rows),) if rows else ()


def gain_chart(s: FeatureSet) -> tuple[Chart, ...]:
    """Bars of the gains."""
    known = [f for f in s.features if f.gain is not None]
    if not known:
        return ()
    metric = metrics.NAMES.get(s.metric, s.metric)
    return (
        Chart(
            f"Gain in {metric}",
            "bar",
            tuple(f.name for f in known),
            {"gain": tuple(f.gain for f in known)},
            y_label=metric,
        ),
    )


def as_data(found: Suggestions) -> dict[str, Any]:
    """Plain values for programs."""
    s = found.features
    return {
        "dataset": s.dataset, "target": s.target, "task": s.task, "metric": s.metric,
        "features": [f.as_dict() for f in s.features],
        "scores": dict(s.scores), **{k: found.summary[k] for k in ("rows", "rows_used", "validated_by", "searches")},
    }  # fmt: skip
