"""Arguments of `features`: operations, target, related tables, formulas of one's own, and follow-ups of a suggestion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsmith.agent.offline import amounts, grammar
from opsmith.agent.offline import operations as ops
from opsmith.agent.offline.fill_shared import about_in, dry, need_file, unknown_column, with_names_masked
from opsmith.agent.offline.slots import Filled, Scene, meant_target, output, target_of


def features(scene: Scene) -> Filled:
    filled = Filled("features")
    wanted = ops.feature_operations(with_names_masked(scene))
    about, excluded = scene.columns()
    if len({m.value for m in scene.found.files if m.how == "exact"}) > 1:
        return _related(filled, scene, wanted)
    path = need_file(filled, scene, "use", about or None)
    about, excluded = about_in(scene, path)
    needs_target = bool({"suggest", "generate", "evaluate", "interactions"} & set(wanted)) and not {
        "pca",
        "scale",
        "encode",
        "keyword_risk",
    } & set(wanted)
    if needs_target:
        pair_named = "interactions" in wanted and len(about) >= 2
        told = target_of(scene, path) if not pair_named or scene.state.target in about else scene.state.target
        target = told or (meant_target(scene, path) if _wondering(scene) else None)
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
        "seconds": amounts.seconds(scene.text),
        "candidates": formulas(scene.text),
    }
    known_at = _KNOWN_AT.search(scene.text)
    if known_at and not about:
        filled.arguments["known_at"] = known_at.group(1)
    if filled.arguments["candidates"]:
        filled.arguments |= {"columns": None, "operations": ["suggest"]}
    if "keyword_risk" in wanted:
        filled.arguments["keywords"] = [k for k in _sought(scene) if k not in about and len(k.split()) <= 3]
    unknown_column(filled, scene, path)
    return filled


def _wondering(scene: Scene) -> bool:
    """Whether the sentence says in plain words what is to be explained, so that its words may mean a column."""
    return bool(
        re.search(
            r"\b(?:why|what (?:makes|drives|pushes|causes|decides|sets|wins|determines|influences)|how come|what(?:.s| is| lies) behind|what leads to|reasons? (?:for|why)|which \w+ (?:give|tell|decide|show)|who|what (?:\w+ )?(?:could|can|might|should) (?:i|we|you)|gives?\b.{0,30}\baway|helps? (?:to )?(?:predict|explain|tell|spot|see))\b|\bwhat \w+s\b",
            scene.low,
        )
    )


def _sought(scene: Scene) -> list[str]:
    """The words whose mentions are counted."""
    m = re.search(
        r"\b(?:how often|whenever \S+ (?:mention\w*|sa(?:y|id)\w*|contain\w*)|mentions? of)\s+(.+?)(?:\s+(?:in|into|turn|show|come|pop|crop|appear|occur|is|are|get|i want|as)\b|$)",
        scene.raw or scene.text,
        re.IGNORECASE,
    )
    said = grammar.keywords(f": {m.group(1)}") if m else []
    return said or grammar.keywords(scene.raw or scene.text)


def _related(filled: Filled, scene: Scene, wanted: list[str]) -> Filled:
    """Features of one table from the rows of others: `for churned in customers.csv using orders.csv`."""
    named = list(dict.fromkeys(m.value for m in scene.found.files if m.how == "exact"))
    about, _ = scene.columns()
    goal = target_of(scene, None)
    homes = [f for f in named if goal in {c["name"] for c in scene.columns_of(f)}]
    within = [
        m.value
        for m in scene.found.files
        if re.search(r"\b(?:in|of|for)\s+[`'\"]?$", scene.text[: m.start], re.IGNORECASE)
    ]
    home = next((f for f in within if not homes or f in homes), None) or (homes or named)[0]
    there = {c["name"] for c in scene.columns_of(home)}
    told = target_of(scene, home)
    target = told if told in there else next((a for a in about if a in there), None)
    keys = [
        m.value
        for m in scene.found.columns
        if m.value != target
        and re.search(r"\b(?:over|by|on|per|via|using the key|key)\s+[`'\"]?$", scene.text[: m.start], re.IGNORECASE)
    ]
    made = re.search(r"\b(?:make|apply|compute|add) the features\b|\bthe same features\b", scene.low)
    filled.arguments |= {
        "dataset": home, "target": target, "operations": ["apply"] if made else wanted,
        "related": [f for f in named if f != home], "keys": keys, "output": output(scene), "dry_run": dry(scene),
        "seconds": amounts.seconds(scene.text),
    }  # fmt: skip
    if made:
        filled.arguments["target"] = None
    elif not target:
        filled.question = f"Which column of {home} should the features help to predict?"
        filled.choices = [c["name"] for c in scene.columns_of(home)][:8]
    return filled


_FORMULA = re.compile(
    r"\b(?:test|try|check|is|are|add|evaluate)\s+(.+?)\s+(?:as|a|an|any|useful|good|worth)\b.{0,20}?\bfeatures?\b",
    re.IGNORECASE,
)


def formulas(text: str) -> list[str]:
    """Formulas that a sentence wants tested: `test log(income / people) as a feature`.

    >>> formulas("try age * bmi and age / 2 as features for charges")
    ['age * bmi', 'age / 2']
    """
    m = _FORMULA.search(text)
    if not m or not re.search(r"[*/+()]|\s-\s", m.group(1)):
        return []
    return [
        part.strip(" `") for part in re.split(r"\s*,\s*(?![^()]*\))|\s+and\s+(?![^()]*\))", m.group(1)) if part.strip()
    ]


_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
             "erste": 1, "zweite": 2, "dritte": 3, "primera": 1, "segunda": 2, "tercera": 3, "première": 1, "deuxième": 2, "troisième": 3}  # fmt: skip


def numbered(low: str) -> list[int]:
    """Which of a list are meant: `the third`, `feature 2`, `numbers 1 and 4`, `#3`."""
    found = [n for word, n in _ORDINALS.items() if re.search(rf"\b{word}n?\b", low)]
    found += [int(n) for n in re.findall(r"\b(\d{1,2})(?:st|nd|rd|th)\b", low)]
    for m in re.finditer(
        r"(?:\b(?:features?|numbers?|no\.?|nr\.?|suggestions?|ideas?)\s*|#)(\d{1,2}(?:\s*(?:,|and|und|y|et)\s*\d{1,2})*)",
        low,
    ):
        found += [int(n) for n in re.findall(r"\d+", m.group(1))]
    return list(dict.fromkeys(found))


_WHY = re.compile(r"\b(?:why|what (?:does|makes)|how (?:does|is)|explain|warum|por qué|pourquoi)\b|为什么")
_USEFUL = re.compile(
    r"\b(?:useful|helps?|helpful|good|matters?|important|work\w*|mean\w*|for|it|that|this|nützlich|útil|utile|hilft)\b|有用"
)
_OUT = re.compile(r"\b(?:drop|skip|remove|without|leave out|not|minus|except|forget|delete|lose|ohne|sin|sans)\b")


_GENERATE = re.compile(
    r"\W*(?:(?:ok(?:ay)?|yes|good|great|then|now|fine|please|so|and|go on)\W+)*(?:generate|make|create|build|add|compute|write|save|take)\s+"
    r"(?:them|these|those|it|the features|all(?: of them)?|the (?:first|best|top) \d+)\b"
)


_KNOWN_AT = re.compile(r"\bknown (?:at|by|before|on|when)\s+(?:the )?(\w+(?: \w+)?)", re.IGNORECASE)


def wished(scene: Scene) -> bool:
    """Whether a sentence is plainly about features although its words are those of training or of a look."""
    if formulas(scene.text):
        return True
    low = scene.low
    over = re.search(r"\baggregate\b.{3,60}\b(?:over|by|per)\b", low) and len(scene.files()) > 1
    return bool(over or re.match(r"\W*(?:please |some |any |more |new |find |get )*features? (?:for|to|that)\b", low))


def followed(known: Mapping[str, Any], scene: Scene) -> Filled | None:
    """A follow-up of suggested features: why one helps, without one, only some columns, the same for another file."""
    low, kept = (
        scene.low,
        {
            k: known[k]
            for k in ("dataset", "target", "operations", "related", "keys", "skip", "columns")
            if known.get(k)
        },
    )
    if not set(known.get("operations") or ["suggest"]) & {"suggest", "generate", "interactions", "explain", "apply"}:
        return None
    if set(kept.get("operations") or ()) <= {"explain", "apply"}:
        kept["operations"] = ["suggest"]  # why and for another file were asked of a suggestion
    which = numbered(low)
    files = scene.files()
    if (
        files
        and re.search(r"\b(?:same|them|these|those|apply|again|features|dasselbe|lo mismo|même)\b", low)
        and files[0] != known.get("dataset")
    ):
        return Filled(
            "features", {"operations": ["apply"], "dataset": files[0], **({"related": files[1:]} if files[1:] else {})}
        )
    if _WHY.search(low) and _USEFUL.search(low) and len(low.split()) <= 10 and not files and not scene.found.models:
        more = {"n": which[0]} if which else {}
        return Filled("features", {k: v for k, v in kept.items() if k != "skip"} | {"operations": ["explain"], **more})
    if which and _OUT.search(low):
        out = list(dict.fromkeys([*map(str, known.get("skip") or []), *map(str, which)]))
        return Filled("features", {**kept, "skip": out})
    if _GENERATE.match(low):
        n = re.search(r"\b(?:first|best|top) (\d+)\b", low)
        asked = {"n": int(n.group(1)) if n else None, "output": output(scene)}
        return Filled("features", {**kept, "operations": ["generate"], **{k: v for k, v in asked.items() if v}})
    about, excluded = scene.columns()
    moment = _KNOWN_AT.search(scene.text)
    if moment and not re.search("[:,]", scene.text):
        return Filled("features", {**kept, "known_at": moment.group(1)})
    known_at = re.search(
        r"\b(?:known|there|available|at hand|filled)\b.{0,30}\b(?:at|before|by|when|upfront|then)\b|\bonly (?:use|with|the columns|columns)\b",
        low,
    )
    if known_at and about and not excluded:
        return Filled(
            "features",
            {
                **{k: v for k, v in kept.items() if k != "skip"},
                "columns": [a for a in about if a != known.get("target")],
            },
        )
    return None
