"""Questions about what a model was: its figures, its data, who said yes, and what changed; answered from the registry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.data import registry
from opsmith.tools.data.registry import ModelCard

_NUMBER = re.compile(
    r"(?<![\w.])(?:v|version(?:en|s)?|versión|versiones)\s*\.?\s*#?(\d{1,4})\b|版本\s*(\d{1,4})|第\s*(\d{1,4})\s*版",
    re.I,
)
# a second number that leans on the first: "versions 2 and 3", "v2 vs 3", "from version 2 to 3"
_PAIR = re.compile(
    r"(?:v|version(?:en|s)?|versión|versiones|版本)\s*(\d{1,4})\s*(?:and|und|y|et|vs\.?|versus|to|bis|zu|a|à|和|与|,|-|–)\s*"
    r"(?:v|version|版本)?\s*(\d{1,4})\b",
    re.I,
)
_KINDS = (
    ("change", r"\bchang(?:ed|es?)\b|\bdiffer|\bbetween\b|\bcompared?\b|geändert|unterschied|zwischen|cambi[oóa]|diferencia|"
               r"changé|différence|\bnew in\b|变化|区别|不同|改了"),
    ("data", r"trained (?:on|with|from)|\bdata(?:set|base)?\b|\bfile\b|\brows\b|which table|fingerprint|\bdaten\b|\bdatei\b|"
             r"trainiert|\bdatos\b|\bdonnées\b|entra[iî]n|entrenad|数据|训练"),
    ("person", r"\bwho\b|approved|\bwer\b|genehmigt|freigegeben|quién|aprob|\bqui\b|approuv|谁"),
    ("moment", r"\bwhen\b|\bwann\b|cuándo|\bquand\b|什么时候|何时"),
    ("method", r"algorithm|parameter|settings|hyper|algorithmus|algoritmo|algorithme|librar|depend|scikit|算法|参数"),
)  # fmt: skip
_LAST = (
    r"last time|most recent|newest|latest|last (?:run|training|version)|letzte[sn]? mal|zuletzt|neueste|última|dernière|"
    r"上次|最新|最近"
)
_BEFORE = r"previous|before (?:this|that|the last)|\bprior\b|vorherige|vorige|anterior|précédente|之前|上一"
_EVERY = r"history|over time|every version|all versions|each version|develop|verlauf|historial|historique|历史|所有版本"
_METRICS = {
    "auc": r"\bauc\b|roc", "accuracy": r"accura|genauigkeit|exactitud|précision globale|准确率", "f1": r"\bf1\b",
    "precision": r"\bprecision\b|精确率", "recall": r"\brecall\b|召回率", "logloss": r"log[ _]?loss",
    "rmse": r"\brmse\b|root mean", "mae": r"\bmae\b|mean absolute", "r2": r"\br2\b|r²|r squared", "mape": r"\bmape\b",
    "average_precision": r"average precision|pr[ _-]?auc",
}  # fmt: skip
_SCORE = (
    r"\bscores?\b|\bmetrics?\b|how good|how well|performance|figures|wie gut|kennzahl|métricas?|métriques?|qué tan buen|"
    r"指标|分数|表现"
)


@dataclass(frozen=True)
class Question:
    """What a sentence asks of a model's history. versions: numbers or aliases in the order they are named."""

    kinds: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    last: bool = False
    before: bool = False
    every: bool = False

    @property
    def specific(self) -> bool:
        """Whether the sentence asks for something that only the registry knows."""
        return bool(self.kinds or self.versions or self.metrics or self.every)


@dataclass(frozen=True)
class Answer:
    """The sentence, its data, and a table to show: (title, columns, rows)."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)
    table: tuple[str, tuple[str, ...], tuple[tuple[Any, ...], ...]] | None = None


def understood(text: str, metric: str | None = None, version: Sequence[Any] = ()) -> Question:
    """The question in a sentence; metric and version that were given apart count first.

    >>> understood("what changed between v2 and v3?")
    Question(kinds=('change',), versions=('2', '3'), metrics=(), last=False, before=False, every=False)
    """
    low = text.casefold()
    pair = _PAIR.search(low)
    told = [str(v).removeprefix("v") for v in version]
    told += pair.groups() if pair else ()
    told += [next(g for g in found.groups() if g) for found in _NUMBER.finditer(low)]
    told += [alias for alias in ("champion", "challenger") if re.search(rf"\b{alias}\b", low)]
    metrics = [m for m, pattern in _METRICS.items() if m == metric or re.search(pattern, low)]
    if metric and metric not in metrics:
        metrics.insert(0, metric)
    if "average_precision" in metrics and "auc" in metrics and re.search(r"pr[ _-]?auc", low):
        metrics.remove("auc")
    kinds = [k for k, pattern in _KINDS if re.search(pattern, low)]
    if re.search(_SCORE, low) or metrics:
        kinds.append("score")
    if "change" in kinds:
        kinds = ["change"]
    return Question(tuple(kinds), tuple(dict.fromkeys(told)), tuple(metrics), bool(re.search(_LAST, low)),
                    bool(re.search(_BEFORE, low)), bool(re.search(_EVERY, low)))  # fmt: skip


def answer(every: Sequence[ModelCard], question: Question) -> Answer:
    """The answer from the versions of one model, oldest first. A version that is not there is said with those that are."""
    name = every[0].name
    missing = [v for v in question.versions if _find(every, v) is None]
    if missing:
        there = ", ".join(str(c.version) for c in every)
        return Answer(
            f"{name} has no version {missing[0]}; the registry has {there}", {"versions": [c.version for c in every]}
        )
    if "change" in question.kinds:
        return _changed(every, question)
    if question.every and not question.versions:
        return _course(every, question)
    card = _meant(every, question)
    parts = [_part(card, kind, question) for kind in question.kinds] or [_whole(card)]
    before = every[every.index(card) - 1] if question.last and every.index(card) else None
    if before and question.metrics:
        parts.append(f"version {before.version} before it had {_figures(before, question.metrics)}")
    return Answer(f"{name} version {card.version}{_called(card)}: {'; '.join(parts)}", {"models": [facts(card)]})


def facts(card: ModelCard) -> dict[str, Any]:
    """What the registry knows of a version, as plain values."""
    metrics = {n: m["value"] if isinstance(m, Mapping) else m for n, m in dict(card.metrics).items()}
    return {
        "name": card.name, "version": card.version, "aliases": card.aliases, "target": card.target, "task": card.task,
        "metrics": metrics, "trained_on": card.data.get("path"), "data": dict(card.data), "created": card.created,
        "approved_by": card.approved_by, "parent": card.parent, "fingerprint": card.fingerprint,
        "algorithm": card.recipe.get("algorithm"), "parameters": card.recipe.get("parameters") or {},
        "libraries": card.libraries,
    }  # fmt: skip


def _find(every: Sequence[ModelCard], version: str) -> ModelCard | None:
    return next((c for c in every if version in (str(c.version), *c.aliases)), None)


def _meant(every: Sequence[ModelCard], question: Question) -> ModelCard:
    """The version named; else the newest for "last time", the one before it, or the champion."""
    if question.versions:
        found = _find(every, question.versions[0])
        assert found is not None
        return found
    if question.before and len(every) > 1:
        return every[-2]
    champion = next((c for c in every if "champion" in c.aliases), every[-1])
    return every[-1] if question.last else champion


def _part(card: ModelCard, kind: str, question: Question) -> str:
    if kind == "score":
        return _figures(card, question.metrics)
    if kind == "data":
        return _data(card)
    if kind == "person":
        return f"approved by {card.approved_by}" if card.approved_by else "who approved it is not kept"
    if kind == "moment":
        return f"registered {_day(card)}"
    return _method(card)


def _figures(card: ModelCard, wanted: Sequence[str]) -> str:
    """`auc 0.8432 (0.8301 to 0.8563), 5 folds, stratified random`; the metrics there are when the wanted one is not."""
    known = dict(card.metrics)
    chosen = [m for m in wanted if m in known]
    if wanted and not chosen:
        there = ", ".join(known) or "none"
        return f"no {', '.join(wanted)} was kept; there is {there}"
    told = []
    for name in chosen or list(known)[:4]:
        entry = known[name] if isinstance(known[name], Mapping) else {"value": known[name]}
        value, span = entry.get("value"), entry.get("interval")
        said = f"{name} {value:.4g}" if isinstance(value, (int, float)) else f"{name} {value}"
        told.append(said + (f" ({span[0]:.4g} to {span[1]:.4g})" if span else ""))
    first = known.get((chosen or list(known) or [""])[0])
    on = f", measured on {first['on']}" if isinstance(first, Mapping) and first.get("on") else ""
    return (", ".join(told) or "no metrics were kept") + on


def _data(card: ModelCard) -> str:
    d = card.data
    rows = f", {d['rows']:,} rows" if isinstance(d.get("rows"), int) else ""
    span = f", from {d['from']} to {d['to']}" if d.get("from") and d.get("to") else ""
    print_ = f", sha256 {str(d['sha256'])[:12]}…" if d.get("sha256") else ""
    return f"trained on {d.get('path') or 'data that is not named'}{rows}{span}{print_}, target {card.target}"


def _method(card: ModelCard) -> str:
    every = dict(card.recipe.get("parameters") or {})
    sets = every.get("members") or {card.algorithm: every}
    told = []
    for name, given in sets.items():
        shown = ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in given.items())
        kind = str(name).replace("_", " ") or "an algorithm that is not kept"
        told.append(f"{kind} ({shown})" if shown else f"{kind} with its defaults")
    with_ = ", ".join(f"{k} {v}" for k, v in card.libraries.items())
    return " and ".join(told) + (f"; {with_}" if with_ else "")


def _whole(card: ModelCard) -> str:
    by = f" by the yes of {card.approved_by}" if card.approved_by else ""
    return f"{_figures(card, ())}; {_data(card)}; {_part(card, 'moment', Question())}{by}"


def _called(card: ModelCard) -> str:
    return f" ({', '.join(card.aliases)})" if card.aliases else ""


def _day(card: ModelCard) -> str:
    return card.created[:16].replace("T", " ") + " UTC" if card.created else "at a time that is not kept"


def _changed(every: Sequence[ModelCard], question: Question) -> Answer:
    """From one version to another: the two named, or the one named and the one before it, or the last two."""
    named = [c for v in question.versions if (c := _find(every, v)) is not None]
    if len(named) < 2:
        later = named[0] if named else every[-1]
        at = every.index(later)
        if len(every) < 2:
            return Answer(f"{later.name} has one version only, so nothing has changed", {"versions": [later.version]})
        named = [every[at - 1], later] if at else [later, every[1]]
    before, after = named[0], named[1]
    changes = registry.difference(before, after)
    told = "; ".join(f"{what} {_short(a)} → {_short(b)}" for what, a, b in changes)
    text = f"{before.name} from version {before.version} to version {after.version}: {told or 'nothing differs'}"
    rows = cells(changes)
    data = {"versions": [before.version, after.version], "changes": [[w, a, b] for w, a, b in changes]}
    return Answer(text, data, ("What changed", ("what", f"v{before.version}", f"v{after.version}"), rows))


def _course(every: Sequence[ModelCard], question: Question) -> Answer:
    """Every version with its figures."""
    metric = next((m for m in question.metrics if any(m in c.metrics for c in every)), None)
    rows = tuple((c.version, ", ".join(c.aliases), c.data.get("path", ""), _figures(c, [metric] if metric else ()), _day(c))
                 for c in every)  # fmt: skip
    told = ", ".join(f"v{c.version} {_figures(c, [metric] if metric else ()).split(', measured')[0]}" for c in every)
    data = {"models": [facts(c) for c in every]}
    return Answer(f"{every[0].name}, {len(every)} versions: {told}", data,
                  ("History", ("version", "alias", "trained on", "figures", "registered"), rows))  # fmt: skip


def cells(changes: Sequence[tuple[str, Any, Any]]) -> tuple[tuple[str, str, str], ...]:
    """What `registry.difference` found, as rows that a person reads."""
    return tuple((what, _short(a), _short(b)) for what, a, b in changes)


def _short(value: Any) -> str:
    """A value as a cell: figures in four digits, long texts cut."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
