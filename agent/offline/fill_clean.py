"""Arguments of `clean`: what to do, what to leave, how to fill and read, and changes of a recipe that waits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opsmith.agent.offline import grammar
from opsmith.agent.offline import operations as ops
from opsmith.agent.offline.clean_clauses import details, operations_of, parts_of
from opsmith.agent.offline.fill_shared import dry, need_file, unknown_column, with_names_masked
from opsmith.agent.offline.slots import Filled, Scene, named_target, output

_NOT = (
    r"\b(?:skip\w*(?! (?:the )?(?:rows?|lines?|records?))|leav\w* out|omit\w*|without (?=\w+ing\b)|do(?:n.?t| not)|not|never|no(?= (?:dedup|imput|fill|trim|outlier|spell|clip|cast|abbrev|contract|punctuat|lowercas|mask|renam))|"
    r"forget(?: about)?|drop the step|ohne|nicht|kein\w*|sin|sans|pas|不要)\b"
)
_KEEP = (
    r"\b(?:keep|leave|retain|allow|behalt\w*|lass\w*|conserva|garde)\b(?!.{0,20}\b(?:one|once|first|last|only|complete)\b).{0,25}\b(?:duplicat\w*|dupes|repeat\w*|copies|doubles|outliers?|extremes?|extreme values|"
    r"emojis?|smileys|html|tags|markup|capitals?|abbreviations?|shorthand|slang|punctuation|missing|gaps?|blanks?|nulls?|typos?|spelling|whitespace|spaces|dubletten|doppelte|ausreißer)\b"
)
_GROUP = re.compile(
    r"(?:\b(?:per|within(?: (?:each|every))?|for (?:each|every)|group\w* by|by (?:each|every)|in (?:each|every)|separately (?:for|by|per)|pro|je|innerhalb|por cada|par)|"
    r"\b(?:medians?|means?|modes?|averages?) (?:by|of (?:the|each|every|their|its)(?: own)?|in (?:the|their)))\s+[`'\"]?$|按$",
    re.IGNORECASE,
)
_DAY_FIRST = r"\bday[- ]?first\b|\bdd[./ -]?mm|\b(?:german|european|british|uk|french|spanish|italian|dutch|swiss|austrian|indian|australian)(?: style| format)? dates?|dates? .{0,12}\b(?:the )?(?:german|european|british|uk|french|spanish|indian)\b|\btt[.]mm|deutsche\w* dat|\bday before month|\bday/month"
_MONTH_FIRST = r"\bmonth[- ]?first\b|\bmm[/. -]?dd|\b(?:american|us|u\.s\.)(?: style| format)? dates?|dates? .{0,12}\b(?:the )?(?:american\b|us (?:style|format|way|order|dates?)\b)|amerikanische\w* dat|\bmonth before day|\bmonth/day"
_ROW = r"(?:rows?|lines?|records?|zeilen?|filas?|lignes?)"
_NUMBERS = r"(?:no\.?|number|nr\.?|#)?\s*(\d+(?:,\d{3})*(?:\s*(?:,|-|,? ?and|to|bis|und)\s*\d+(?:,\d{3})*)*)"
_ABOUT_ROW = re.compile(
    rf"\b(?:what (?:happen\w*|was done|is done|did you do|do you do|will happen|would happen|changes?|changed)|why|explain|how (?:did|does|was|is)|was passiert|warum)\b.{{0,40}}\b{_ROW}\s*{_NUMBERS}",
    re.IGNORECASE,
)
_ABOUT_ALL = re.compile(
    rf"\b(?:which|what|list|show|tell|give)\b.{{0,30}}\b{_ROW}\b.{{0,25}}\b(?P<how>remov\w*|drop\w*|delet\w*|los\w+|chang\w*|touch\w*|edit\w*|go(?:es)?|thrown out)\b|"
    rf"\b(?:list|show|tell|give)\b.{{0,25}}\b(?P<how2>removed|dropped|deleted|changed|touched|edited)\b.{{0,12}}\b(?:{_ROW}|cells)\b",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"\b(?:also|too|as well|additionally|besides|plus|auch|außerdem|también|aussi|还)\b|也", re.IGNORECASE
)
_ONLY = re.compile(r"\b(?:only|just|nothing but|nur|sólo|solo|seulement)\b|只", re.IGNORECASE)
_ANEW = r"\b(?:clean|tidy|scrub|wash|prepare|bereinig|säuber|limpia|nettoie)\w*"
_OF_A_STEP = ("operations", "columns", "method", "by", "value", "mapping", "keywords", "n", "threshold", "target")


def clean(scene: Scene) -> Filled:
    """The call of `clean` that a sentence means on its own."""
    filled = Filled("clean")
    loose = _keep_to_exact_files(scene)
    about, excluded = scene.columns()
    low = scene.low if not scene.found.columns else with_names_masked(scene)
    wanted, skipped = wishes(low)
    if len(wanted) > 1 and not skipped:
        wanted = operations_of(scene) or wanted
    groups = _groups(scene) if "impute" in wanted else []
    target = named_target(scene)
    about = [c for c in about if c not in (*groups, target)]
    if {"drop_missing", "drop_columns", "outliers"} & set(wanted) and not about:
        about, excluded = excluded, []  # "without alcohol" names the column whose gaps go
    path = need_file(filled, scene, "clean", [*about, *groups, *([target] if target else [])] or None)
    there = {c["name"] for c in scene.columns_of(path)} if path else set()
    about = [c for c in about if c in there] if there else about
    about += [c for c in there if c.casefold() in loose and c not in (*about, *groups, *excluded)]
    if "augment" in wanted:
        wanted = [w for w in wanted if w != "spelling"]  # "by adding typos" asks for some, not for repairs
    filled.arguments |= {
        "columns": about, "exclude": excluded, "operations": wanted, "method": _method(scene, wanted), "skip": skipped,
        "by": groups, "day_first": day_first(scene.low), "output": output(scene), "dry_run": dry(scene),
        "target": target,
    }  # fmt: skip
    if excluded and not grammar.DRY_RUN.search(re.sub(_ALONE, "", scene.text, flags=re.I)):
        filled.arguments["dry_run"] = None  # `do not change the note` is no wish to see it only
    parts = [] if skipped or filled.question else parts_of(scene, groups)
    if parts:
        last = parts.pop()
        filled.arguments |= {
            "edits": parts, "operations": [last.pop("operation")], "method": None, "by": [], "exclude": [], **last,
        }  # fmt: skip
    elif len(wanted) == 1:
        filled.arguments |= details(scene, wanted[0])
    if "entities" in wanted:
        kinds = {m.value for m in scene.found.columns if re.fullmatch(_NAMED, scene.text[m.start : m.end], re.I)}
        filled.arguments["columns"] = [c for c in filled.arguments["columns"] if c not in kinds or c.casefold() in low]
        filled.arguments["kinds"] = entity_kinds(with_names_masked(scene))
    if {"augment", "embed"} & set(wanted):
        filled.arguments["n"] = grammar.count(scene.text)
    unknown_column(filled, scene, path)
    return filled


# what is looked for in texts, and no column that happens to begin alike: `places`, placed
_NAMED = r"people|persons?|places|companies|names|organi[sz]ations|products|locations|cities|firms|brands"


def _keep_to_exact_files(scene: Scene) -> set[str]:
    """Forget words that only resemble a file (`people`, people.csv) when the sentence names one in full; those words."""
    exact = [m for m in scene.found.files if m.how == "exact"]
    if not exact or len(exact) == len(scene.found.files):
        return set()
    loose = {scene.text[m.start : m.end].strip("`'\"").casefold() for m in scene.found.files if m.how != "exact"}
    scene.found.files = exact
    return loose


def wishes(text: str) -> tuple[list[str], list[str]]:
    """Operations that a sentence asks for, and operations that it says to leave out.

    >>> wishes("trim the names but skip the outliers")
    (['trim'], ['outliers'])
    >>> wishes("keep duplicates"), wishes("keep one of each, no duplicates")
    (([], ['dedupe']), (['dedupe'], []))
    """
    skipped: list[str] = []

    def note(m: re.Match[str]) -> str:
        found = ops.clean_operations(m.group())
        skipped.extend(found)
        return " " if found else m.group()

    rest = re.sub(_KEEP, note, text, flags=re.IGNORECASE)
    end = r"[^,;.]*?(?=[,;.]|\b(?:but|and then|instead|sondern|aber|y|but rather)\b|$)"
    rest = re.sub(rf"{_NOT}{end}", note, rest, flags=re.IGNORECASE)
    return ops.clean_operations(rest), list(dict.fromkeys(skipped))


def day_first(low: str) -> bool | None:
    """How dates such as 03/04/2025 are said to be written."""
    if re.search(_DAY_FIRST, low):
        return True
    return False if re.search(_MONTH_FIRST, low) else None


def about_rows(scene: Scene) -> str | None:
    """The rows that a question about a cleaning is about: `row 12`, `removed rows`, `changed rows`."""
    m = _ABOUT_ROW.search(scene.text)
    if m:
        return f"rows {m.group(1)}" if re.search(r"\D", m.group(1).replace(",", "")) else f"row {m.group(1)}"
    m = _ABOUT_ALL.search(scene.text)
    if not m:
        return None
    return "changed rows" if re.match(r"chang|touch|edit", m.group("how") or m.group("how2"), re.I) else "removed rows"


def own_names(scene: Scene) -> Filled | None:
    """`find product names from products.csv in message of mails.csv`: one file holds the names, the other the texts."""
    files = [m for m in scene.found.files if m.how == "exact"]
    if not files or len({m.value for m in files}) > 2 or not _FIND.search(scene.text[: files[0].start]):
        return None
    first, second = files[0], files[-1] if len(files) > 1 else None
    own = re.search(_FROM, scene.text[: first.start], re.I)
    if second is None:
        recent = next((f for f in (*scene.state.files, *scene.paths) if f != first.value), None)
        if not own or not recent or not re.search(r"\b(?:in|inside|within)\b", scene.text[first.end :], re.I):
            return None
        names, texts, end = first.value, recent, len(scene.text)
    else:
        end = second.start
        between = scene.text[first.end : end]
        there = re.search(r"\b(?:in|of|inside|within|from)\b[^.;]*$", between, re.I)
        if not (own and there) and not re.search(_FROM.replace("|named", "|against|named"), scene.text[:end], re.I):
            return None
        names, texts = (first.value, second.value) if own and there else (second.value, first.value)
    listed = {c["name"] for c in scene.columns_of(texts)}
    about = [c for c in scene.columns()[0] if c in listed]
    given = {
        "dataset": texts, "operations": ["entities"], "columns": about, "reference": names, "output": output(scene),
        "kinds": entity_kinds(scene.text[: first.start] + scene.text[first.end : end]), "dry_run": dry(scene),
    }  # fmt: skip
    return Filled("clean", {k: v for k, v in given.items() if v not in (None, [], "")})


_FROM = r"\b(?:from|using|with|listed in|named in|by|aus|de|per)\s+[`'\"]?$"
_FIND = re.compile(
    r"\b(?:find|extract|pull|search|look for|spot|detect|tag|recogni[sz]e|which)\b.{0,40}\b(?:names?|products?|brands?|items?|people|persons?|customers?|places?|cities|compan(?:y|ies)|organi[sz]ations?|entit(?:y|ies)|terms?)\b|"
    r"\b(?:find|extract|pull|tag)\b.{0,20}\b(?:entit(?:y|ies)|mentions)\b",
    re.IGNORECASE,
)


def edits_recipe(scene: Scene) -> bool:
    """Whether a message changes a cleaning that waits: it names operations to do or leave, or how dates are read."""
    if any(m.how == "exact" for m in scene.found.files):
        return False
    low = scene.low if not scene.found.columns else with_names_masked(scene)
    wanted, skipped = wishes(low)
    return bool(skipped or set(wanted) & _SURE) or day_first(scene.low) is not None


def leaves_out(scene: Scene) -> bool:
    """Whether a message only takes operations of a cleaning back: `forget about the dedupe step`."""
    wanted, skipped = wishes(scene.low if not scene.found.columns else with_names_masked(scene))
    return bool(skipped) and not wanted


# operations that are hardly ever meant otherwise; `repeated rows` alone may be a question about the data
_SURE = frozenset(
    ["impute", "trim", "lowercase", "strip_html", "strip_emoji", "abbreviations", "spelling", "punctuation"]
)


def explained(scene: Scene) -> Filled | None:
    """A question about what a cleaning does to rows, when a cleaning waits or was the last thing done; else None."""
    rows = about_rows(scene)
    waiting = next((p for p in reversed(scene.catalogue.get("pending", ())) if p.get("tool") == "clean"), None)
    last = scene.state.last if scene.state.last and scene.state.last[0] == "clean" else None
    if not rows or not (waiting or last) or (scene.files() and not (waiting or last)):
        return None
    known = dict(waiting["arguments"]) if waiting else dict(last[1]) if last else {}
    kept = {k: v for k, v in known.items() if k not in ("output", "dry_run", "row_numbers", "explain", "question")}
    if scene.files():
        kept["dataset"] = scene.files()[0]
    return Filled("clean", {**kept, "explain": rows, **({"output": output(scene)} if output(scene) else {})})


def changed(known: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    """The arguments of a cleaning that waits, changed as the person says.

    Operations named change the recipe that was proposed; with `only` or `instead` they take its place. Those of an
    explicit list take its place unless they come with `also`.
    """
    fresh = {k: v for k, v in clean(scene).arguments.items() if v not in (None, [], "")}
    if not scene.files():
        fresh.pop("dataset", None)
    if scene.files() and not set(fresh) - {"dataset", "output", "dry_run"} and re.search(_ANEW, scene.low):
        return fresh
    arguments = dict(known)
    operations, skipped, parts = fresh.pop("operations", []), fresh.pop("skip", []), fresh.pop("edits", [])
    resumed = [o for o in operations if o in arguments.get("skip", [])]
    if resumed:
        arguments["skip"] = [s for s in arguments["skip"] if s not in resumed]
        if resumed == operations and not fresh.get("method") and not arguments.get("operations"):
            return {**arguments, **fresh}
    if skipped and (arguments.get("operations") or arguments.get("edits")) and arguments.get("recipe") != "proposed":
        arguments["operations"] = [o for o in arguments.get("operations", []) if o not in skipped]
        arguments["edits"] = [e for e in arguments.get("edits", []) if e.get("operation") not in skipped]
    elif skipped:
        arguments["skip"] = list(dict.fromkeys([*arguments.get("skip", []), *skipped]))
    if "exclude" in fresh:
        fresh["exclude"] = list(dict.fromkeys([*arguments.get("exclude", []), *fresh["exclude"]]))
    left_alone = _left_alone(scene, [*fresh.get("columns", []), *fresh.get("exclude", [])])
    if left_alone and not operations:
        arguments["exclude"] = list(dict.fromkeys([*arguments.get("exclude", []), *left_alone]))
        fresh.pop("columns", None), fresh.pop("exclude", None)
        if not re.search(grammar.DRY_RUN, re.sub(_ALONE, "", scene.text, flags=re.I)):
            fresh.pop("dry_run", None)
    if operations:
        whole = arguments.get("recipe") == "proposed" or not (arguments.get("operations") or arguments.get("recipe"))
        earlier = {k: arguments.pop(k) for k in _OF_A_STEP if k in arguments}
        also = bool(_ALSO.search(scene.low) or resumed)
        if _ONLY.search(scene.low) and not also:
            arguments.pop("recipe", None), arguments.pop("edits", None)
        elif whole or also:
            if earlier.get("operations"):
                arguments["edits"] = [*arguments.get("edits", []), *_edits(earlier)]
            elif earlier.get("columns"):
                arguments["columns"] = earlier["columns"]
            if whole:
                arguments["recipe"] = "proposed"
        else:
            arguments.pop("edits", None)
        arguments["operations"] = operations
        if parts:
            arguments["edits"] = [*arguments.get("edits", []), *parts]
    return {**arguments, **fresh}


def _edits(earlier: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The operations of a call as changes of a recipe, each with the details they were asked for with."""
    details = {k: v for k, v in earlier.items() if k != "operations"}
    return [{"operation": name, **details} for name in earlier["operations"]]


_ALONE = r"\b(?:leave|keep|let)\b.{0,60}\b(?:alone|untouched|unchanged|as (?:it|they) (?:is|are|was|were)|as is|be)\b|\b(?:don.?t|do not|never|not) (?:touch|change|alter|modify|clean|edit)\b|\bhands off\b|\bin ruhe\b"


def _left_alone(scene: Scene, about: list[str]) -> list[str]:
    """Columns of `leave notes alone`, `don't touch notes`, `keep notes as it is`."""
    return about if re.search(_ALONE, scene.low) else []


def _groups(scene: Scene) -> list[str]:
    """Columns within whose groups gaps are filled: `median per class`."""
    found: list[str] = []
    end = -1
    for m in scene.found.columns:
        joined = found and end >= 0 and re.fullmatch(r"[\s`'\"]*(?:and|,|und|&)[\s`'\"]*", scene.text[end : m.start])
        if _GROUP.search(scene.text[: m.start]) or joined:
            found.append(m.value)
            end = m.end
    return list(dict.fromkeys(found))


def _method(scene: Scene, wanted: list[str]) -> str | None:
    if "impute" in wanted:
        return ops.impute_method(scene.low)
    if "embed" in wanted:
        return ops.embed_method(scene.low)
    if "dedupe" in wanted and re.search(
        r"\b(?:fuzzy|near|nearly|almost|similar|approximate|alike)\b|ähnlich", scene.low
    ):
        return "fuzzy"
    if "outliers" in wanted and re.search(rf"\b(?:drop|remov|delet|throw|discard)\w*\b.{{0,20}}\b{_ROW}\b", scene.low):
        return "drop"
    if "entities" in wanted and re.search(r"\blanguage model\b|\bllm\b|\bgpt\b|\bopenai\b|\bspacy\b", scene.low):
        return "spacy" if "spacy" in scene.low else "llm"
    if "mask_pii" in wanted and re.search(r"\bhash", scene.low):
        return "hash"
    return None


def entity_kinds(text: str) -> list[str]:
    """The types of entity that a sentence names, in its order.

    >>> entity_kinds("which people and places are mentioned?")
    ['person', 'place']
    """
    found = [(m.start(), kind) for kind, pattern in _KINDS if (m := re.search(rf"\b(?:{pattern})\b", text, re.I))]
    return [kind for _, kind in sorted(found)]


_KINDS = (
    ("product", r"products?(?: names?)?|brands?|items? names?"), ("person", r"people|persons?|who|whom|customer names|first names|surnames|personen|personas|personnes"),
    ("organisation", r"compan(?:y|ies)|organi[sz]ations?|firms?|employers?|clubs?|schools?|firmen|empresas|entreprises"),
    ("place", r"places?|cit(?:y|ies)|locations?|countr(?:y|ies)|towns?|orte|lugares|lieux"), ("date", r"dates|days mentioned"),
    ("money", r"prices|amounts|sums of money|money"), ("quantity", r"quantit(?:y|ies)"), ("email", r"e-?mail addresses|e-?mails"),
    ("phone", r"phone numbers|phones"), ("url", r"urls|links|web addresses"), ("order", r"order (?:numbers|ids)|(?:invoice|ticket|claim|policy) numbers"),
    ("percent", r"percentages"),
)  # fmt: skip
