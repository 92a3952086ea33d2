"""Read the planner's own conversation sets (planner_sets/*.txt) into items of the dialogue format.

A set file holds worlds and what people say in them:

    world NAME train|held
    file KEY PATH: column:type "column two":type      file KEY PATH = OTHER_KEY
    model KEY NAME: TARGET, FILE_KEY, v3/2, auc 0.81
    fact TEXT      monitor TEXT
    E profile a | dataset=a | give admissions.csv a once-over
    D M a b M @ellipsis
    - drift | reference=a current=b | has anything moved?

A line of one request: difficulty (E, M, H), intents joined by +, the world's files and models that are there, marks
(? asks, + or - side effect, ~ may ask, ^ may confirm, >intent also right, @tag, F with facts, W with monitors);
arguments; text. `a||b`: b is right too. `key?` in the arguments: any value is fine there; `key?=v`: v is fine but not
needed. In a dialogue `!` marks an approval and `=` that the runner says yes itself.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "planner_sets"
DIFFICULTY = {"E": "easy", "M": "medium", "H": "hard"}
PATHS = {"dataset", "reference", "current", "validation", "output", "trained_on"}
LISTS = {"columns", "keywords", "topic", "operations"}
WRITES = {"clean", "train", "retrain", "predict", "deploy", "build", "monitor", "forget"}
MAKING = {"generate", "pca", "scale", "encode", "keyword_risk", "interactions"}


def items(part: str = "") -> list[dict[str, Any]]:
    """Every item of all set files; of the worlds marked `train` or `held` only when `part` says so."""
    found = []
    for path in sorted(p for p in FOLDER.glob("*.txt") if not p.name.startswith("phrases_")):
        found += [i for i in _file(path) if not part or i["part"] == part]
    return found


def _file(path: Path) -> Iterator[dict[str, Any]]:
    world: dict[str, Any] = {}
    dialogue: dict[str, Any] | None = None
    number = 0
    for line_number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            head, _, rest = line.partition(" ")
            if head != "-" and dialogue is not None:
                yield dialogue
                dialogue = None
            if head == "world":
                name, part = rest.split()
                world = {"name": name, "part": part, "files": {}, "models": {}, "facts": [], "monitors": []}
                number = 0
            elif head in ("file", "model"):
                (_add_file if head == "file" else _add_model)(world, rest)
            elif head in ("fact", "monitor"):
                world[head + "s"].append(rest)
            elif head == "D":
                number += 1
                dialogue = _dialogue(world, rest, f"{path.stem}-{world['name']}-{number:03}")
            elif head == "-":
                assert dialogue is not None
                dialogue["turns"].append(_turn(world, rest))
            else:
                number += 1
                yield _single(world, head, rest, f"{path.stem}-{world['name']}-{number:03}")
        except Exception as error:
            raise ValueError(f"{path.name}:{line_number}: {line[:90]!r}: {error!r}") from error
    if dialogue is not None:
        yield dialogue


def _add_file(world: dict[str, Any], text: str) -> None:
    key, rest = text.split(" ", 1)
    m = re.match(r"(.+?)\s=\s(\w+)$", rest)
    if m:
        path, columns = m.group(1), world["files"][m.group(2)][1]
    else:
        path, listed = rest.split(": ", 1)
        columns = dict(c.rsplit(":", 1) for c in shlex.split(listed))
    world["files"][key] = (path.strip(), columns)


def _add_model(world: dict[str, Any], text: str) -> None:
    key, rest = text.split(" ", 1)
    name, facts = rest.split(": ", 1)
    target, trained_on, versions, metric = (p.strip(' "') for p in facts.split(","))
    now, _, before = versions.lstrip("v").partition("/")
    measure, value = metric.split()
    entry: dict[str, Any] = {"target": target, "trained_on": world["files"][trained_on][0], "version": int(now)}
    if before:
        entry["previous"] = int(before)
    world["models"][key] = (name, {**entry, "metrics": {measure: float(value)}})


def _frame(world: dict[str, Any], words: list[str], name: str) -> dict[str, Any]:
    item: dict[str, Any] = {"id": name, "part": world["part"], "files": {}, "tags": []}
    for word in words:
        if word in world["files"]:
            path, columns = world["files"][word]
            item["files"][path] = columns
        elif word in world["models"]:
            model, entry = world["models"][word]
            item.setdefault("models", {})[model] = entry
        elif word == "F":
            item["facts"] = world["facts"]
        elif word == "W":
            item["monitors"] = world["monitors"]
        elif word.startswith("@"):
            item["tags"] += word[1:].split(",")
    return item


def _single(world: dict[str, Any], difficulty: str, rest: str, name: str) -> dict[str, Any]:
    head = re.split(r"\s\|(?=\s)", rest, maxsplit=1)[0].split()
    return {**_frame(world, head[1:], name), "difficulty": DIFFICULTY[difficulty], **_turn(world, rest)}


def _dialogue(world: dict[str, Any], rest: str, name: str) -> dict[str, Any]:
    words = rest.split()
    return {**_frame(world, words[1:], name), "difficulty": DIFFICULTY[words[0]], "turns": []}


def _turn(world: dict[str, Any], rest: str) -> dict[str, Any]:
    head, given, text = (p.strip() for p in re.split(r"\s\|(?=\s)", rest, maxsplit=2))
    words = head.split()
    intents = words[0].split("+")
    turn: dict[str, Any] = {"text": text, "intent": intents[0] if len(intents) == 1 else intents, "args": {}}
    _arguments(world, given, turn)
    marks = set(words[1:])
    turn["must_clarify"] = "?" in marks
    turn["side_effect"] = "+" in marks or ("-" not in marks and _writes(intents, turn["args"]))
    if "~" in marks:
        turn["clarify_ok"] = True
    if "^" in marks:
        turn["confirm_ok"] = True
    if "!" in marks:
        turn |= {"approves": True, "side_effect": False}
        turn["optional_args"] = dict.fromkeys(_ANY, "*")
    if "=" in marks:
        turn["reply_to_confirm"] = "approve"
    others = [w[1:].split("+") for w in words[1:] if w.startswith(">")]
    if others:
        turn["accept"] = [*turn.get("accept", []), *others]
    return turn


_ANY = ("dataset", "target", "model", "output", "columns", "operations", "exclude", "environment", "artifacts", "action",
        "algorithm", "replicas", "memory", "cpu", "threshold", "metric", "schedule", "channel", "kind", "cloud",
        "version",
        "reference", "current",
        "min_replicas", "max_replicas", "cpu_target", "port", "stage", "folds", "method", "topic")  # fmt: skip


def _writes(intents: list[str], args: dict[str, Any]) -> bool:
    if args.get("dry_run"):
        return False
    if "retrain" in intents and args.get("action") == "compare":
        intents = [i for i in intents if i != "retrain"]
    operations = args.get("operations", [])
    making = bool(MAKING & set(operations if isinstance(operations, list) else [operations]))
    return bool(WRITES & set(intents)) or ("features" in intents and making)


def _arguments(world: dict[str, Any], given: str, turn: dict[str, Any]) -> None:
    optional: dict[str, Any] = {}
    for word in shlex.split(given):
        key, equals, value = word.partition("=")
        if word.startswith(">"):
            turn.setdefault("accept", []).append(word[1:].split("+"))
        elif key.endswith("?"):
            optional[key[:-1]] = _value(world, key[:-1], value) if equals and value != "*" else "*"
        elif "/" in key and not equals:
            raise ValueError(word)
        else:
            alternatives = value.split("||")
            turn["args"][key] = _value(world, key, alternatives[0])
            if len(alternatives) > 1:
                turn.setdefault("accept_args", {})[key] = [_listed(_value(world, key, a)) for a in alternatives[1:]]
    intents = turn["intent"] if isinstance(turn["intent"], list) else [turn["intent"]]
    if "deploy" in intents:
        optional.setdefault("environment", "*")
        if "artifacts" not in turn["args"]:
            optional.setdefault("artifacts", "*")
    if "monitor" in intents:
        optional.setdefault("kind", "*")
    if {"recall", "help"} & set(intents):
        optional.setdefault("topic", "*")
    if optional:
        turn["optional_args"] = optional


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(world: dict[str, Any], key: str, text: str) -> Any:
    parts = [p.strip() for p in text.split(",")] if key not in ("tag",) else [text]
    read = [_one(world, key, p) for p in parts]
    if key in LISTS and key != "operations":
        return read
    return read[0] if len(read) == 1 else read


def _one(world: dict[str, Any], key: str, text: str) -> Any:
    if key in PATHS and text in world["files"]:
        return world["files"][text][0]
    if key == "model" and text in world["models"]:
        return world["models"][text][0]
    if text in ("true", "false"):
        return text == "true"
    if key in ("topic", "keywords", "columns", "memory", "schedule"):
        return text
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text
