"""Fill a tool's arguments from a sentence, what it names, and what the conversation has come to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.found import Grounded
from opsmith.agent.offline.ground_columns import row_names
from opsmith.agent.offline.ground_meaning import by_meaning
from opsmith.agent.offline.words import stem, tokens

EXCLUDE = re.compile(
    r"\bw/o\b[^.;]{0,6}$|\b(?:ignor\w*|exclud\w*|without(?: using)?|except(?: for)?|leav\w* out|omit\w*|skip\w*|drop(?:ping)?|minus|but not|not (?:use|using|from|with|by)|(?:don.?t|do not|never) (?:use|include|touch|feed|take|consider|look at)|minus|no\b(?= *$)|"
    r"keep out|apart from|other than|ohne|außer|sin(?: usar)?|excepto|sans|sauf|不(?:用|要|包括)|排除|忽略)[^.;]{0,12}$",
    re.IGNORECASE,
)

_ASIDE = r"s?[`'\"]?(?: columns?)? (?:out|away|aside|off|alone|untouched|unchanged|as (?:it|they) (?:is|are|was|were)|as[- ]is)\b"


@dataclass
class Filled:
    """Arguments for a tool, and the question that must be answered first, if any."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    question: str = ""
    choices: list[str] = field(default_factory=list)


@dataclass
class Scene:
    """What slots are filled from."""

    text: str  # as typed, number words as digits
    low: str  # lower case, mended
    masked: str
    found: Grounded
    catalogue: Mapping[str, Any]
    state: Dialogue
    made: dict[str, str] = field(default_factory=dict)  # what an earlier step of the same sentence will make
    raw: str = ""  # as typed, letter by letter: for words that are data themselves

    @property
    def bare(self) -> str:
        """The text without the names of files, outputs and models, whose numbers are no amounts (`sales_2023.csv`)."""
        text = self.text
        for m in (*self.found.files, *self.found.outputs, *self.found.models):
            text = f"{text[: m.start]}{'~' * (m.end - m.start)}{text[m.end :]}"
        return text

    @property
    def paths(self) -> list[str]:
        return [f["path"] for f in self.catalogue.get("files", ())]

    def columns_of(self, path: str) -> list[dict[str, Any]]:
        return next((f["columns"] for f in self.catalogue.get("files", ()) if f["path"] == path), [])

    def files(self) -> list[str]:
        """Files that the sentence names, also by age (`the newer one`)."""
        named = list(dict.fromkeys(m.value for m in self.found.files))
        aged = None if named else by_age(self)
        return [aged] if aged else named

    def model_entry(self, name: str | None) -> Mapping[str, Any] | None:
        return next((m for m in self.catalogue.get("models", ()) if m["name"] == name), None)

    def columns(self) -> tuple[list[str], list[str]]:
        """Columns that the sentence is about, and columns it excludes."""
        about: list[str] = []
        excluded: list[str] = []
        last_end, last_excluded = -1, False
        for m in self.found.columns:
            before = self.text[: m.start]
            joined = last_end >= 0 and re.fullmatch(
                r"[\s,'`\"]*(?:and|or|und|y|et|ou|&|,)?[\s'`\"]*", self.text[last_end : m.start]
            )
            out = bool(EXCLUDE.search(before[-45:])) or bool(joined and last_excluded)
            if re.search(r"\b(?:leav\w*|keep\w*|tak\w*|let)\s(?:the )?[`'\"]?$", before, re.IGNORECASE):
                out = out or bool(re.match(_ASIDE, self.text[m.end :], re.IGNORECASE))
            (excluded if out else about).append(m.value)
            last_end, last_excluded = m.end, out
        return list(dict.fromkeys(about)), list(dict.fromkeys(excluded))


def dataset(scene: Scene, wanted_columns: list[str] | None = None) -> tuple[str | None, list[str]]:
    """The one data set that is meant, or None with the candidates."""
    named = scene.files()
    if named:
        return named[0], []
    if scene.found.unknown_files:
        return None, scene.paths
    if scene.made.get("file"):
        return scene.made["file"], []
    wanted = set(wanted_columns or ())
    has = {p: len(wanted & {c["name"] for c in scene.columns_of(p)}) for p in scene.paths}
    most = max(has.values(), default=0)
    fitting = [p for p in scene.paths if wanted and has[p] == most]
    for recent in scene.state.files[:3]:
        if recent not in scene.paths and not (wanted and fitting and most):
            return recent, []  # made a moment ago
        if recent in scene.paths and (not wanted or recent in fitting):
            return recent, []
    if len(fitting) == 1 and most:
        return fitting[0], []
    if len(scene.paths) == 1:
        return scene.paths[0], []
    return None, fitting if most and fitting else scene.paths


def by_age(scene: Scene) -> str | None:
    """`the newer one`, `the old file`: the newest or oldest of the conversation's files, else of all."""
    m = re.search(
        r"\b(newer|newest|latest|recent|later|older|oldest|earlier|old|new)\b (?:[^\W\d_]+ )?(?:one|file|data|table|set|batch|version of the data)",
        scene.low,
    )
    if m and m.group(1) == "new" and scene.state.last and scene.state.last[1].get("output"):
        return str(scene.state.last[1]["output"])
    pool = [f for f in scene.state.files if f in scene.paths] or scene.paths
    if not m or len(pool) < 2:
        return None
    ranked = sorted(pool, key=age)
    return ranked[0] if m.group(1) in ("older", "oldest", "earlier", "old") else ranked[-1]


def the_model(scene: Scene) -> tuple[str | None, list[str]]:
    """The one model that is meant, or None with the candidates."""
    names = [m["name"] for m in scene.catalogue.get("models", ())]
    if scene.found.models:
        return scene.found.models[0].value, []
    if scene.made.get("model"):
        return scene.made["model"], []
    if unknown_model(scene):
        return None, names
    order = re.search(
        r"\b(?:the )?(first|second|third|last|1st|2nd|3rd)(?: one| model)?\b(?! quarter| rows| lines)", scene.low
    )
    if order and scene.state.listed_models and names:
        number = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "last": len(names) - 1}[
            order.group(1)
        ]
        if number < len(names):
            return names[number], []
    if scene.state.model and (scene.state.model in names or scene.state.turns):
        return scene.state.model, []
    if len(names) == 1:
        return names[0], []
    return None, names


_NOT_A_MODEL = re.compile(r"\b(?:tag\w*|as|call(?:ed)?|named?|it|into|to|column|columns)\s*[`'\"]?$", re.IGNORECASE)


def unknown_model(scene: Scene) -> str:
    """An identifier in a sentence about a model that no model and no column has, or ''."""
    for name in scene.found.unknown_columns:
        place = scene.text.find(name)
        if "_" in name and place >= 0 and not _NOT_A_MODEL.search(scene.text[:place]):
            return name
    return ""


_IS_TARGET = r"[`'\"]?\s*(?:is|as|=|should be|ist|es|est|being)\s+(?:the |our |my |das |el |la |le )?(?:target|label|outcome|ziel|objetivo|cible)"
_TARGET_IS = r"\b(?:target|label|outcome|ziel(?:spalte)?|objetivo|cible)(?: column| variable)?\s*(?:is|=|:|ist|es|est|being)\s*(?:the |our |my )?[`'\"]?$"


def named_target(scene: Scene) -> str | None:
    """The column that the sentence calls its target in so many words: `the target is churn`, `churn is our label`."""
    for m in scene.found.columns:
        before, after = scene.text[: m.start], scene.text[m.end :]
        if re.search(_TARGET_IS, before, re.IGNORECASE) or re.match(_IS_TARGET, after, re.IGNORECASE):
            return m.value
    return None


def target_of(scene: Scene, path: str | None) -> str | None:
    """The column to predict."""
    about, excluded = scene.columns()
    cue = r"(?:target|label|outcome|predict\w*|forecast\w*|learn|model for|explain\w*|estimat\w*|classif\w*|what drives|drivers of|predictors of|for|of|train|fit|modelo? (?:para|de)|für|pour|预测|目标)\s*(?:is|=|:|on|the|whether|column|variable|a|il|el|la|le)*\s*[`'\"]?$"
    for m in scene.found.columns:
        if m.value in about and (
            re.search(cue, scene.text[: m.start], re.IGNORECASE)
            or re.match(_IS_TARGET, scene.text[m.end :], re.IGNORECASE)
        ):
            return m.value
    if about:
        return about[0]
    known = {c["name"] for c in scene.columns_of(path)} if path else set()
    if scene.made.get("target") in known and scene.made["target"] not in excluded:
        return scene.made["target"]
    asked_about = (
        scene.state.last[1].get("columns") or [] if scene.state.last and scene.state.last[0] == "query" else []
    )
    if len(asked_about) == 1 and asked_about[0] in known and re.search(_IT, scene.low):
        return str(asked_about[0])
    if scene.state.target in known and scene.state.target not in excluded:
        return scene.state.target
    for fact in [*reversed(scene.state.facts), *(f["text"] for f in scene.catalogue.get("facts", ()))]:
        if re.search(r"target|label|predict|outcome|ziel|objetivo|cible|目标", fact, re.IGNORECASE):
            for name in sorted(known, key=len, reverse=True):
                if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", fact, re.IGNORECASE):
                    return name
    return None


_IT = r"\b(?:it|that|this|them|dafür|das|eso|ello|lo|ça|cela)\b|它|这个"


def meant_target(scene: Scene, path: str | None) -> str | None:
    """The column to predict that an indirect wish is about: by the meaning of its words, else the only yes/no column."""
    if path is None:
        return None
    listed = scene.columns_of(path)
    yes_no = [str(c["name"]) for c in listed if c.get("two_valued")]
    keys = row_names({"path": path, "columns": listed}) if listed else []
    open_columns = [c for c in listed if c["name"] not in keys]
    meant = [m.value for m in by_meaning(scene.text, open_columns, skip=[stem(path), *keys])]
    for name in meant:
        if name in yes_no:
            return name
    if len(yes_no) == 1 and re.search(_WHETHER, scene.low):
        return yes_no[0]
    return meant[-1] if len(meant) == 1 else yes_no[0] if len(yes_no) == 1 and not meant else None


_WHETHER = r"\b(?:who|which|whether|if|when|before|whose|why|what makes|early warning|in advance|upfront|beforehand|won.t|will|going to|likely)\b"


def output(scene: Scene) -> str | None:
    return scene.found.outputs[0].value if scene.found.outputs else None


def pair(scene: Scene) -> tuple[str | None, str | None]:
    """(reference, current) among the files of the sentence: told by words, else by age, else the order for `a against b`."""
    mentions = list({m.value: m for m in scene.found.files}.values())
    if len(mentions) < 2:
        return None, None
    first, second = mentions[0], mentions[1]
    text = scene.text
    between = text[first.end : second.start].casefold()
    before_first = text[: first.start].casefold()
    if re.search(
        r"\b(relative to|against|compared? (?:to|with)|versus baseline|since|with respect to|from|than|gegenüber|contra|respecto a|par rapport à|相对于|相比)\b",
        between,
    ) and not re.search(r"\bfrom\b[^a-z]*$", before_first):
        newer_second = _both_tell(age(first.value), age(second.value)) and age(second.value) > age(first.value)
        if newer_second and re.search(r"\b(against|compared? (?:to|with))\b", between):
            return first.value, second.value
        if (
            re.search(
                r"\b(against|compared? (?:to|with)|relative to|than|since|with respect to|from|gegenüber|respecto a|par rapport à)\b",
                between,
            )
            and not newer_second
        ):
            return second.value, first.value
        if re.search(
            r"\b(relative to|compared? (?:to|with)|than|since|with respect to|par rapport à|respecto a|gegenüber|相对于)\b",
            between,
        ):
            return second.value, first.value
    if re.search(r"\b(reference|baseline|train\w*)\b[^.]{0,12}$", before_first):
        return first.value, second.value
    if re.search(r"\b(reference|baseline)\b", between + text[second.end : second.end + 30].casefold()):
        return second.value, first.value
    if re.search(r"\bfrom\b[^a-z]*$", before_first) or re.search(r"\bto\b", between):
        return first.value, second.value
    older = sorted((first.value, second.value), key=age)
    if age(first.value) != age(second.value):
        return older[0], older[1]
    return first.value, second.value


def _both_tell(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether both names tell an age of the same sort: a year in one name alone does not turn the words of a sentence round."""
    ranked = bool(one[0] or other[0])
    return ranked or any(a >= 0 and b >= 0 for a, b in zip(one[1:-1], other[1:-1], strict=False))


_SEASONS = {"winter": 0, "spring": 1, "summer": 2, "autumn": 3}
_MONTH_ORDER = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def age(path: str) -> tuple[float, ...]:
    """Sorts older files before newer ones by the words and numbers of their names."""
    words = tokens(stem(path))
    rank = 0.0
    if set(words) & {
        "train",
        "ref",
        "baseline",
        "old",
        "prev",
        "base",
        "before",
        "original",
        "training",
        "initial",
        "historic",
        "history",
    }:
        rank = -1.0
    if set(words) & {
        "new",
        "prod",
        "cur",
        "latest",
        "live",
        "now",
        "recent",
        "after",
        "today",
        "fresh",
        "incoming",
        "newest",
    }:
        rank = 1.0
    numbers = [float(w) for w in words if w.isdigit()]
    season = [float(_SEASONS[w]) for w in words if w in _SEASONS]
    month = [float(_MONTH_ORDER.index(w)) for w in words if w in _MONTH_ORDER]
    return (rank, numbers[0] if numbers else -1.0, *(season or month or [-1.0]), len(numbers))
