"""Arguments of the tools that look at a table and at its columns: profile, query, features."""

from __future__ import annotations

import re

from opsmith.agent.offline import grammar
from opsmith.agent.offline import operations as ops
from opsmith.agent.offline.fill_shared import about_in, need_file, unknown_column, with_names_masked
from opsmith.agent.offline.ground_columns import row_names
from opsmith.agent.offline.ground_meaning import by_meaning
from opsmith.agent.offline.slots import Filled, Scene, target_of
from opsmith.agent.offline.words import stem


def profile(scene: Scene) -> Filled:
    filled = Filled("profile")
    about, excluded = scene.columns()
    path = need_file(filled, scene, "profile", about or None)
    is_target = re.search(r"\btarget\b|\blabel\b|ziel|objetivo|cible|目标", scene.low)
    if is_target and about:
        filled.arguments["target"] = target_of(scene, path)
        about = [a for a in about if a != filled.arguments["target"]]
    kinds = told_kinds(scene)
    filled.arguments |= {"columns": [a for a in about if a not in kinds], "exclude": excluded, "kinds": kinds or None}
    unknown_column(filled, scene, path)
    return filled


_KIND = r"[`'\"]?\s+(?:is|are|as)\s+(?:really |just |only )?(?:an? )?(code|codes|categor(?:y|ies)|identifiers?|ids?|dates?|numbers?|texts?)\b"


def told_kinds(scene: Scene) -> dict[str, str]:
    """What a sentence says about the kind of a column: `zip is a code`."""
    found = {}
    for m in scene.found.columns:
        said = re.match(_KIND, scene.text[m.end :], re.IGNORECASE)
        if said:
            word = said.group(1).casefold()
            found[m.value] = "category" if word.startswith("categ") else word.removesuffix("s")
    return found


_ROWS = re.compile(
    r"^\W*(?:(?:please|can you|could you|just)\s+)*(?:print|show|display|list|give|see|output|dump)\b(?: me)?(?: the)? (?:first|last|top) \d+ \w+\W*$|\b(first|last|sample|head|random|top)\b.*\b(rows?|lines?|records?|entries|zeilen|filas|lignes)\b|\bhead\b|\b(show|see|give|print|display)\b.{0,20}\b\d+ (rows?|lines?|records?)|"
    r"前\d+行|erste\w* \d+ zeilen|primeras \d+ filas|premières \d+ lignes"
)
_COMPARES = re.compile(
    r"\b(?:do|does|did|are|is|was|were)\b.+\b(?:more|less|fewer|better|worse|higher|lower|longer|shorter|always|often|cheaper|pricier|\w{2,}er)\b|"
    r"\bthe \w+er\b.+\bthe \w+er\b|\bgo(?:es)? up with\b|\bdepend|\blink(?:ed)?\b|\brelat(?:ed|ion\w*)\b|\bcorrelat|\bconnect(?:ed|ion)\b|\b(?:under|in|at|by|with|for|on) which\b.+\b(?:most|more|least|fewer|often)\b|^\W*(?:do|does|did)\b.+\b(?:make|cause|affect|influence|lead|change|drive|matter|hurt|help|mean|impact|keep|bring|raise|lower)s?\b"
)


def query(scene: Scene) -> Filled:
    filled = Filled("query")
    named_columns = [c for part in scene.columns() for c in part]  # `without a note` is about the note as well
    path = need_file(filled, scene, "look at", named_columns or None)
    about = [c for part in about_in(scene, path) for c in part]
    agg = ops.aggregate(with_names_masked(scene))
    rows = _ROWS.search(scene.low)
    if _COMPARES.search(scene.low) and agg != "quantile" and len(about) < 2 and path:
        about = _with_meant(scene, path, about)
        agg = "corr" if len(about) == 2 and agg not in ("mean", "share", "count", "median") else agg
    elif not about and path and not rows and agg not in (None, "count"):
        about = _with_meant(scene, path, about)[:1]
    if rows and agg in ("top", "unique", "count"):
        agg = None
    if rows:
        about = [c for c in about if not _only_rows(scene, c)]
    if re.search(
        rf"\btop \d+|\d+ (most|least) (common|frequent|popular)|\bmost (common|frequent|popular|often)\b|\d+ (?:\w+ )?{ops.SUPERLATIVES}",
        scene.low,
    ):
        agg = "top"
    if agg is None and about and not rows:
        agg = (
            "unique"
            if re.search(
                r"^\W*(?:ok(?:ay)? then,? |and )?(which|what|list|welche\w*|qué|cuáles|quel(?:le)?s?)\b|哪些|values?",
                scene.low,
            )
            else None
        )
    if (
        agg == "count"
        and about
        and re.search(r"\b(?:in total|altogether|overall|insgesamt|en total|au total)\b", scene.low)
    ):
        agg = "sum" if _measured(scene, path, about[0]) else agg
    named = scene.files()
    filled.arguments |= {
        "columns": about,
        "agg": agg,
        "n": grammar.count(scene.text),
        "reference": named[1] if len(named) > 1 else None,
    }
    filled.arguments["question"] = _plainly(scene, filled, rows=bool(rows))
    return filled


def _plainly(scene: Scene, filled: Filled, *, rows: bool) -> str:
    """The question as typed, or in plain words where its own say what only this reading knows (columns by meaning)."""
    given = filled.arguments
    about, agg = given.get("columns") or [], given.get("agg")
    if rows and not about:
        return f"first {given['n'] or 5} rows"
    named = {m.value for m in scene.found.columns if m.how == "exact"}
    if agg == "share" and len(about) == 1 and not re.search(r"\d", scene.text):
        return f"share of {about[0]}"
    if about and agg and not set(about) & named:
        return (
            f"{'correlation' if agg == 'corr' else agg} of {' and '.join(about)}"
            if agg == "corr"
            else f"{agg} of {' by '.join(about)}"
        )
    return scene.text


def _measured(scene: Scene, path: str | None, column: str) -> bool:
    """Whether a column holds numbers that can be added up."""
    return any(c["name"] == column and c.get("kind") in ("number", "integer") for c in scene.columns_of(str(path)))


def _only_rows(scene: Scene, column: str) -> bool:
    """Whether a column is named by a word for rows alone: `the first 8 lines` of a table with a column `line`."""
    said = [scene.text[m.start : m.end].casefold() for m in scene.found.columns if m.value == column]
    return bool(said) and all(re.fullmatch(r"rows?|lines?|records?|entr(?:y|ies)", w) for w in said)


def _with_meant(scene: Scene, path: str, about: list[str]) -> list[str]:
    """The columns named, and up to two in all by the meaning of words."""
    listed = scene.columns_of(path)
    keys = row_names({"path": path, "columns": listed}) if listed else []
    meant = by_meaning(scene.text, [c for c in listed if c["name"] not in keys], skip=[stem(path), *keys])
    return [*about, *(m.value for m in meant if m.value not in about)][:2]
