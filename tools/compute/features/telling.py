"""What a feature search found, in a sentence, small tables and a chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsmith.tools.compute.features import metrics
from opsmith.tools.compute.features.featureset import Entry, FeatureSet
from opsmith.tools.compute.features.suggest import Suggestions
from opsmith.tools.contract import Chart, Table

MODELS = {"linear": "linear model", "boosted": "boosted model"}


def headline(found: Suggestions) -> str:
    """The finding in one or two sentences: how many features, what they lift, that nothing helps, or what went unchecked."""
    s, metric = found.features, metrics.NAMES.get(found.features.metric, found.features.metric)
    searches = found.summary["searches"]
    tried = sum(int(x["candidates"]) for x in searches)
    told = [_of_model(x, s, metric) for x in searches]
    cut = [x for x in searches if x.get("out_of_time")]
    if s.features:
        sentence = "; ".join(told)
        ending = f", on held-out folds of {s.dataset} ({tried:,} candidates tried for {s.target})."
        return f"{sentence[0].upper()}{sentence[1:]}{ending}{_more_time(found) if cut else ''}"
    if cut:
        sentence = "; ".join(told)
        return f"Nothing was found for {s.target} of {s.dataset} before the time was up: {sentence}.{_more_time(found)}"
    if not tried:
        return f"There was nothing to make features for {s.target} of {s.dataset} from ({'; '.join(told)})."
    return (
        f"Nothing helps to predict {s.target} of {s.dataset}: of {tried:,} candidates none gains on held-out folds "
        f"beyond chance ({'; '.join(told)}). Adding columns would only cost."
    )


def headline_without(found: Suggestions, whole: Suggestions) -> str:
    """What is left when features were left out; the scores are those that all of them together were measured with."""
    kept = {f.name for f in found.features.features}
    gone = ", ".join(f.name for f in whole.features.features if f.name not in kept)
    left = ", ".join(f.name for f in found.features.features) or "no feature"
    return f"Without {gone}, {left} {'is' if len(kept) < 2 else 'are'} left. With all of them: {headline(whole)}"


def headline_as_asked(found: Suggestions, whole: Suggestions) -> str:
    """Nothing helps, and which columns can be written all the same because they were asked for."""
    names = ", ".join(f.name for f in found.features.features)
    return f"{headline(whole)} The closest can be written all the same: {names}." if names else headline(whole)


def _of_model(search: Mapping[str, Any], s: FeatureSet, metric: str) -> str:
    """What one model's search came to; where its time was up, only what was really looked at."""
    model, scores = MODELS[search["model"]], s.scores.get(search["model"])
    count = sum(search["model"] in f.models for f in s.features)
    now = f" ({metric} {scores['before']:.4g})" if scores else ""
    if count and scores:
        return (
            f"{count} feature{'s' if count > 1 else ''} move{'s' if count == 1 else ''} the {model}'s {metric} from "
            f"{scores['before']:.4g} to {scores['after']:.4g}"
        )
    if not search.get("out_of_time"):
        return (
            f"no feature helps the {model}{now}"
            if search["stopped"] != "it was stopped"
            else f"the {model} was not finished"
        )
    tried, made, measured = (int(search[k]) for k in ("candidates", "proposed", "measured"))
    if not tried:
        return f"the {model}{now} was not searched"
    if not measured:
        end = (
            "was measured on held-out folds"
            if search["stopped"] == "the time was up"
            else "of them stands out from chance"
        )
        return f"for the {model}{now} {tried:,} of {made:,} candidates were screened and none {end}"
    return f"none of the {measured} measured of {tried:,} screened candidates (of {made:,}) helps the {model}{now}"


def _more_time(found: Suggestions) -> str:
    seconds = float(found.summary.get("seconds", 60))
    return f" The search stopped after its {seconds:.0f} seconds; a larger features_seconds lets it go on."


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
        "features": [f.as_dict() for f in s.features], "columns": {c: s.kinds[c] for c in s.inputs},
        "scores": dict(s.scores), **{k: found.summary[k] for k in ("rows", "rows_used", "validated_by", "searches")},
        "proposals": found.summary.get("proposals", []),
    }  # fmt: skip
