"""Propose a recipe for a table: what is wrong, which step repairs it, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.compute import text as texts
from opsmith.tools.compute.cells import ROW, counted
from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.compute.recipe_look import ColumnLook, look_at
from opsmith.tools.compute.recipe_run import Stage
from opsmith.tools.compute.recipe_types import hidden_missing, typed
from opsmith.tools.compute.steps.categories import MAX_DISTINCT, merged_spellings
from opsmith.tools.compute.steps.duplicates import looks_like_key
from opsmith.tools.compute.steps.ranges import possible_range
from opsmith.tools.compute.steps.spacing import trimmed
from opsmith.tools.compute.text_abbreviations import spell_out
from opsmith.tools.contract import Finding
from opsmith.tools.data.table import quoted

_LABELS = frozenset(
    ["target", "label", "class", "y", "outcome", "churn", "survived", "default", "fraud", "is_fraud", "sentiment"]
)
DEFAULT_TEXT: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ("strip_html", texts.without_html, "holds markup"),
    ("abbreviations", spell_out, "holds short forms such as u, thx, pls"),
    ("repeats", texts.unstretched, "holds stretched words such as sooo"),
    ("punctuation", texts.punctuated, "holds uneven punctuation and spacing"),
)


@dataclass
class Wish:
    """What the person asked for, as far as a proposal cares."""

    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    target: str | None = None
    day_first: bool | None = None


@dataclass
class Proposal:
    """Steps with reasons, and what was seen and left alone."""

    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    looks: dict[str, ColumnLook] = field(default_factory=dict)  # the columns as they stand after the steps

    def recipe(self, dataset: str) -> Recipe:
        return Recipe(dataset, tuple(self.steps))


def propose(stage: Stage, wish: Wish) -> Proposal:
    """A recipe in the order: columns, cells' form, missing, types, ranges, spellings, text, duplicates, filling."""
    made = Proposal()
    looks = {
        n: c for n, c in look_at(stage).items() if n not in wish.exclude and (not wish.columns or n in wish.columns)
    }

    def may(step: str) -> bool:
        return step not in wish.skip

    if may("drop_columns"):
        _empty_columns(made, looks, stage, wish)
    _names(made, looks, stage, wish)
    forms: tuple[tuple[str, Callable[[str], str], str], ...] = (
        ("fix_text", texts.fixed, "broken or uncomposed characters"),
        ("trim", trimmed, "outer, double or invisible spaces"),
    )
    for step, function, reason in forms:
        _text_step(made, [c for c in looks.values() if c.is_text and may(step)], step, function, reason)
    for look in looks.values():
        stage.check()
        if may("missing"):
            made.steps += hidden_missing(look, made.findings)
        if may("cast"):
            made.steps += typed(look, wish.day_first, made.findings)
        if may("range"):
            _ranges(made, look)
        if may("map_values") and look.is_category and len(look.values) <= MAX_DISTINCT:
            _spellings(made, look)
    for step, function, reason in DEFAULT_TEXT:
        stage.check()
        _text_step(made, [c for c in looks.values() if c.is_free_text and may(step)], step, function, reason)
    if may("drop_missing") and not wish.columns and not wish.exclude and stage.rows:
        _empty_rows(made, looks, stage)
    if may("dedupe") and not wish.columns:
        _duplicates(made, looks, stage)
    if may("impute"):
        _filling(made, looks, wish)
    made.looks = looks
    return made


def _empty_columns(made: Proposal, looks: dict[str, ColumnLook], stage: Stage, wish: Wish) -> None:
    empty = [
        n for n, c in looks.items() if stage.rows and (c.missing == stage.rows or _only_blank(c)) and n != wish.target
    ]
    if empty and len(empty) < len(stage.names):
        made.steps.append(Step("drop_columns", tuple(empty), {}, f"{counted(len(empty), 'column')} without any value"))
        for name in empty:
            looks.pop(name)
    for name, look in looks.items():
        if look.complete and len(look.values) == 1 and not look.missing and stage.rows > 1:
            made.findings.append(
                Finding(f"constant:{name}", "info", f"{name} holds the same value in every row; kept.", (name,),
                        fix=f"drop the column {name}")
            )  # fmt: skip


def _only_blank(look: ColumnLook) -> bool:
    return look.is_text and look.complete and bool(look.values) and not any(str(v).strip(" ,;|\t") for v in look.values)


def _names(made: Proposal, looks: dict[str, ColumnLook], stage: Stage, wish: Wish) -> None:
    """Column names with outer spaces, line ends or invisible characters; later steps use the new names."""
    if "rename" in wish.skip:
        return
    changed = {n: trimmed(" ".join(n.split())) for n in looks}
    changed = {n: new for n, new in changed.items() if new != n and new and new not in stage.names}
    if changed and len(set(changed.values())) == len(changed):
        made.steps.append(Step("rename", (), {"names": changed}, "names with spaces around them or line ends inside"))
        for old, new in changed.items():
            looks[new] = looks.pop(old)
            looks[new].name = new


def _text_step(
    made: Proposal, looks: Sequence[ColumnLook], step: str, function: Callable[[str], str], reason: str
) -> None:
    touched = []
    for look in looks:
        new = {v: function(v) for v in look.values}
        cells = sum(n for v, n in look.values.items() if new[v] != v)
        if cells:
            touched.append((look.name, cells))
            look.apply(new.__getitem__)
    if touched:
        told = ", ".join(f"{name} ({counted(cells, 'cell')})" for name, cells in touched[:4])
        more = f" and {len(touched) - 4} more" if len(touched) > 4 else ""
        made.steps.append(Step(step, tuple(n for n, _ in touched), {}, f"{reason}: {told}{more}"))


def _ranges(made: Proposal, look: ColumnLook) -> None:
    bounds = possible_range(look.name)
    if not bounds or not look.is_number:
        return
    low, high = bounds
    outside = {v: n for v, n in look.values.items() if v < low or v > high}
    cells = sum(outside.values())
    if not cells or cells > look.held * 0.05:
        return  # a column mostly outside the range means something else
    made.steps.append(
        Step("range", (look.name,), {"min": low, "max": high},
             f"{counted(cells, 'value')} outside {low:g} to {high:g}, such as {next(iter(outside)):g}; made missing")
    )  # fmt: skip
    look.apply(lambda v: None if v in outside else v)


def _spellings(made: Proposal, look: ColumnLook) -> None:
    if looks_like_key(look.name, look.stored) and len(look.values) > look.held * 0.5:
        return
    mapping = merged_spellings(look.values)
    if mapping:
        cells = sum(look.values[v] for v in mapping)
        shown = ", ".join(f"{old!r} to {new!r}" for old, new in list(mapping.items())[:3])
        made.steps.append(
            Step("map_values", (look.name,), {"mapping": mapping},
                 f"{counted(len(mapping), 'spelling')} of the same value ({counted(cells, 'cell')}): {shown}")
        )  # fmt: skip
        look.apply(lambda v: mapping.get(v, v))


def _empty_rows(made: Proposal, looks: dict[str, ColumnLook], stage: Stage) -> None:
    if any(c.missing == 0 for c in looks.values()) or not looks:
        return
    made.steps.append(Step("drop_missing", (), {"how": "all"}, "rows without any value"))


def _duplicates(made: Proposal, looks: dict[str, ColumnLook], stage: Stage) -> None:
    """Equal rows go when the table can tell rows apart (a key, free text, or few repeats); otherwise they are told."""
    names = [n for n in stage.names if n not in {c for s in made.steps if s.step == "drop_columns" for c in s.columns}]
    if not names or stage.rows < 2:
        return
    keys = ", ".join(_plain(stage, n) for n in names)
    groups = int(stage.sql(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM data)")[0][0])
    repeats = stage.rows - groups
    if not repeats:
        return
    told = any(looks_like_key(n, c.stored) for n, c in looks.items()) or any(c.is_free_text for c in looks.values())
    if told or repeats <= stage.rows * 0.02:
        made.steps.append(
            Step("dedupe", (), {"method": "loose", "keep": "first"},
                 f"{counted(repeats, 'row')} said before, case, spaces and punctuation aside")
        )  # fmt: skip
    else:
        made.findings.append(
            Finding("duplicates", "warning",
                    f"{repeats:,} of {stage.rows:,} rows equal an earlier row, but no column tells rows apart, so they may "
                    "be true repeats; kept.", evidence={"rows": repeats}, fix=f"remove duplicate rows from {stage.path.name}")
        )  # fmt: skip


def _plain(stage: Stage, name: str) -> str:
    from opsmith.tools.compute.steps.duplicates import _loose

    return _loose(stage, name) if name != ROW else quoted(name)


def _filling(made: Proposal, looks: dict[str, ColumnLook], wish: Wish) -> None:
    """Numbers by their median, categories by the word `unknown`; never the target, dates, keys or free text."""
    numbers, words = [], []
    for name, look in looks.items():
        if not look.missing or name == wish.target or name.lower() in _LABELS or looks_like_key(name, look.stored):
            continue
        if look.missing > 0.4 * look.rows:
            made.findings.append(
                Finding(f"missing:{name}", "warning",
                    f"{name} is missing in {look.missing:,} of {look.rows:,} rows; left as it is.",
                        (name,), {"missing": look.missing}, fix=f"drop the column {name}")
            )  # fmt: skip
        elif look.is_number:
            numbers.append(look)
        elif look.is_category:
            words.append(look)
    for chosen, options in ((numbers, {"method": "median"}), (words, {"method": "constant", "value": "unknown"})):
        if chosen:
            cells = sum(c.missing for c in chosen)
            how = "the column's median" if options["method"] == "median" else "the word unknown"
            told: dict[str, Any] = dict(options)
            reason = f"{counted(cells, 'missing cell')} in {', '.join(c.name for c in chosen[:4])}; filled with {how}"
            made.steps.append(Step("impute", tuple(c.name for c in chosen), told, reason))
