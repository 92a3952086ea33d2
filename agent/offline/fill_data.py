"""Arguments of the tools that look at a table or change it: profile, query, clean, features."""

from __future__ import annotations

import re

from opsmith.agent.offline import grammar
from opsmith.agent.offline import operations as ops
from opsmith.agent.offline.fill_shared import dry, need_file, unknown_column, with_names_masked
from opsmith.agent.offline.slots import Filled, Scene, output, target_of


def profile(scene: Scene) -> Filled:
    filled = Filled("profile")
    about, excluded = scene.columns()
    path = need_file(filled, scene, "profile", about or None)
    is_target = re.search(r"\btarget\b|\blabel\b|ziel|objetivo|cible|目标", scene.low)
    if is_target and about:
        filled.arguments["target"] = target_of(scene, path)
        about = [a for a in about if a != filled.arguments["target"]]
    filled.arguments |= {"columns": about, "exclude": excluded}
    unknown_column(filled, scene, path)
    return filled


def query(scene: Scene) -> Filled:
    filled = Filled("query")
    about, _ = scene.columns()
    path = need_file(filled, scene, "look at", about or None)
    agg = ops.aggregate(scene.low)
    rows = re.search(
        r"\b(first|last|sample|head|random)\b.*\b(rows?|lines?|records?|entries)\b|\bhead\b|前\d+行|erste\w* \d+ zeilen|primeras \d+ filas|premières \d+ lignes",
        scene.low,
    )
    n = grammar.count(scene.text)
    if rows:
        agg = None
    if re.search(r"\btop \d+|\d+ most (common|frequent|popular)|\bmost (common|frequent|popular|often)\b", scene.low):
        agg = "top"
    if agg is None and about and not rows:
        agg = "unique" if re.search(r"^\W*(which|what|list|welche|qué|quels|哪些)\b|values?", scene.low) else None
    filled.arguments |= {"columns": about, "agg": agg, "n": n}
    unknown_column(filled, scene, path)
    needs_column = agg in ("mean", "sum", "max", "min", "median", "std", "quantile", "corr", "unique", "top")
    if path and not about and needs_column and not filled.question and not scene.state.last:
        filled.question = f"Which column of {path} do you mean?"
        filled.choices = [c["name"] for c in scene.columns_of(path)][:8]
    filled.arguments["question"] = scene.text
    return filled


def clean(scene: Scene) -> Filled:
    filled = Filled("clean")
    about, excluded = scene.columns()
    wanted = ops.clean_operations(scene.low if not scene.found.columns else with_names_masked(scene))
    if "drop_missing" in wanted and not about:
        about, excluded = excluded, []  # "without alcohol" names the column whose gaps go
    path = need_file(filled, scene, "clean", about or None)
    method = (
        ops.impute_method(scene.low)
        if "impute" in wanted
        else ops.embed_method(scene.low)
        if "embed" in wanted
        else None
    )
    filled.arguments |= {
        "columns": about, "exclude": excluded, "operations": wanted, "method": method,
        "output": output(scene), "dry_run": dry(scene),
    }  # fmt: skip
    if "augment" in wanted:
        filled.arguments["n"] = grammar.count(scene.text)
    unknown_column(filled, scene, path)
    return filled


def entities(scene: Scene) -> Filled:
    return clean(scene)


def features(scene: Scene) -> Filled:
    filled = Filled("features")
    wanted = ops.feature_operations(with_names_masked(scene))
    about, excluded = scene.columns()
    path = need_file(filled, scene, "use", about or None)
    needs_target = bool({"suggest", "generate", "evaluate", "interactions"} & set(wanted)) and not {
        "pca",
        "scale",
        "encode",
        "keyword_risk",
    } & set(wanted)
    if needs_target:
        target = target_of(scene, path)
        about = [a for a in about if a != target]
        filled.arguments["target"] = target
        if path and not target and not filled.question:
            filled.question = f"Which column of {path} should the features help to predict?"
            filled.choices = [c["name"] for c in scene.columns_of(path)][:8]
    method = (
        ops.scale_method(scene.low)
        if "scale" in wanted
        else ops.encode_method(scene.low)
        if "encode" in wanted
        else None
    )
    n = grammar.count(scene.text) if {"pca", "suggest", "generate", "evaluate"} & set(wanted) else None
    filled.arguments |= {
        "columns": about,
        "exclude": excluded,
        "operations": wanted,
        "method": method,
        "n": n,
        "output": output(scene),
        "dry_run": dry(scene),
    }
    if "keyword_risk" in wanted:
        filled.arguments["keywords"] = [
            k for k in grammar.keywords(scene.text) if k not in about and len(k.split()) <= 3
        ]
    unknown_column(filled, scene, path)
    return filled
