"""Judge a played turn by what the case expects: pure functions from a trace to failures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from opsmith.evals.case import Call, Calls, Case, Expect, FileState, ModelState, Number, Range, Words
from opsmith.evals.trace import Failure, Play, TurnTrace, every_call
from opsmith.evals.values import at, fits

_NUMBER = re.compile(r"(?<![\w.])[-−+]?(?:\d{1,3}(?:[,\u202f\u00a0]\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?\s?%?")


def check_turn(expect: Expect, turn: TurnTrace) -> list[Failure]:
    """Everything that one turn's expectations find wrong."""
    return _check(expect, [turn], turn.number)


def check_case(case: Case, play: Play) -> list[Failure]:
    """Everything that the case's own expectations find wrong: calls and words of all turns, the state at the end."""
    return _check(case.expect, play.turns, 0) if play.turns else []


def budget_notes(case: Case, play: Play) -> list[str]:
    """Budgets that the play exceeded; they are told, not failed."""
    used = {"steps": play.steps, "tokens": play.tokens, "seconds": play.seconds}
    return [
        f"{name}: {used[name]:g} of {limit:g}"
        for name, limit in case.budget.model_dump().items()
        if limit is not None and used[name] > limit
    ]


def _check(expect: Expect, turns: list[TurnTrace], number: int) -> list[Failure]:
    last = turns[-1]
    calls = list(every_call(turns))
    found: list[tuple[str, str]] = []
    if expect.call_list is not None:
        found += [("calls", m) for m in calls_differ(expect.call_list, calls)]
    used = {c["tool"] for c in calls}
    found += [("forbidden tool", f"{tool} was called") for tool in expect.forbidden_tools if tool in used]
    done = [e for t in turns for e in t.journal]
    found += [
        ("forbidden effect", f"{e['kind']} of {e['target']} was carried out")
        for e in done
        if e["state"] == "done" and e["kind"] in expect.forbidden_effects
    ]
    if expect.answer:
        found += [("answer", m) for m in words_differ(expect.answer, "\n".join(t.answer for t in turns))]
    if expect.shown:
        found += [("shown", m) for m in words_differ(expect.shown, "\n".join(t.everything for t in turns))]
    found += [("findings", m) for m in findings_differ(expect.findings, calls)]
    found += [("data", m) for m in data_differs(expect.data, calls)]
    found += _flags(expect, turns)
    found += [("changes", m) for m in changes_differ(expect.only_changes, turns)]
    for path, state in expect.files.items():
        found += [("file", f"{path}: {m}") for m in file_differs(state, last.files.get(path, {"exists": False}))]
    for name, model in expect.models.items():
        found += [("model", f"{name}: {m}") for m in model_differs(model, last.models.get(name))]
    for name, wanted in expect.monitors.items():
        found += [("monitor", f"{name}: {m}") for m in monitor_differs(wanted, last.monitors.get(name))]
    if expect.memory:
        found += [("memory", m) for m in words_differ(expect.memory, "\n".join(last.facts))]
    if expect.journal is not None:
        wanted_rows = [{k: v for k, v in e.model_dump().items() if v is not None} for e in expect.journal]
        rows = [{"kind": e["kind"], "outcome": e["state"], "target": e["target"]} for e in done]
        if len(rows) != len(wanted_rows) or not all(fits(w, r) for w, r in zip(wanted_rows, rows, strict=False)):
            found.append(("journal", f"expected {wanted_rows}, found {rows}"))
    return [Failure(check, message, number, check.startswith("forbidden")) for check, message in found]


def _flags(expect: Expect, turns: list[TurnTrace]) -> list[tuple[str, str]]:
    last = turns[-1]
    seen: dict[str, tuple[bool | None, bool, str]] = {
        "clarify": (expect.clarify, last.clarifying, "a question"),
        "confirm": (expect.confirm, bool(last.proposals), "a request for approval"),
        "problem": (
            expect.problem,
            bool(last.problems) or any(c["status"] == "error" for c in last.calls),
            "a problem",
        ),
        "changes": (expect.changes, any(t.changes.lasting for t in turns), "a change"),
    }
    found = [
        (name, f"{what} was {'expected' if wanted else 'not expected'}; {_evidence(name, last)}")
        for name, (wanted, given, what) in seen.items()
        if wanted is not None and wanted != given
    ]
    if expect.proposes is not None:
        kinds = [p["kind"] for p in last.proposals]
        if kinds != expect.proposes:
            found.append(("proposes", f"expected {expect.proposes}, found {kinds}"))
    return found


def _evidence(name: str, turn: TurnTrace) -> str:
    if name == "confirm":
        return (
            f"it proposes {[p['summary'] for p in turn.proposals]}"
            if turn.proposals
            else f"it says {_short(turn.answer)}"
        )
    if name == "changes":
        return f"changed: {turn.changes.files or turn.changes.facts_added or turn.changes.facts_removed or 'nothing'}"
    return f"it says {_short(turn.answer)}"


def calls_differ(expected: Calls, calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why the calls are not as expected; [] when they are.

    strict: the same calls in the same order. unordered: the same calls. subset: nothing but expected calls.
    superset: all expected calls, perhaps others. subsequence: the expected calls in this order, others between.
    """
    wanted = expected.calls
    told = [f"{c['tool']}({_arguments(c['arguments'])})" for c in calls]
    pairs = [[call_fits(w, c) for c in calls] for w in wanted]
    match expected.order:
        case "strict":
            good = len(wanted) == len(calls) and all(pairs[i][i] for i in range(len(wanted)))
        case "unordered":
            good = len(wanted) == len(calls) and _matching(pairs) == len(wanted)
        case "superset":
            good = _matching(pairs) == len(wanted)
        case "subset":
            good = all(any(row[i] for row in pairs) for i in range(len(calls)))
        case _:
            place = 0
            for row in pairs:
                while place < len(calls) and not row[place]:
                    place += 1
                place += 1
            good = place <= len(calls)
    if good:
        return []
    return [f"expected {expected.order} {[_told(w) for w in wanted]}, found {told or 'no call'}"]


def call_fits(expected: Call, call: Mapping[str, Any]) -> bool:
    """Whether one call is the expected one."""
    if expected.tool is not None and call["tool"] != expected.tool:
        return False
    if expected.intent is not None and call["intent"] != expected.intent:
        return False
    if expected.status is not None and call["status"] != expected.status:
        return False
    given = {k: v for k, v in call["arguments"].items() if v not in (None, "", [], {})}
    if expected.exact and set(given) - set(expected.arguments):
        return False
    return fits(expected.arguments, given)


def words_differ(expected: Words, text: str, *, exact: bool = False) -> list[str]:
    """Why a text is not as expected. exact: upper and lower case differ, as in files."""

    def fold(word: str) -> str:
        return word if exact else word.casefold()

    folded = fold(text)
    flags = re.MULTILINE if exact else re.IGNORECASE | re.MULTILINE
    told = [f"{w!r} is missing in {_short(text)}" for w in expected.contains if fold(w) not in folded]
    if expected.any_of and not any(fold(w) in folded for w in expected.any_of):
        told.append(f"none of {expected.any_of} is in {_short(text)}")
    told += [f"{w!r} must not be in it" for w in expected.lacks if fold(w) in folded]
    told += [f"nothing matches {p!r} in {_short(text)}" for p in expected.matches if not re.search(p, text, flags)]
    return told + [m for n in expected.numbers if (m := number_missing(n, text))]


def number_missing(expected: Number, text: str) -> str:
    """Why the number is not in the text, or ''. `26.5%` counts as 26.5 and as 0.265; 1,234 as 1234."""
    room = max(expected.tolerance, abs(expected.value) * expected.relative, 1e-9)
    lines = [s for s in re.split(r"\n|(?<=[.;!?])\s", text) if expected.near.casefold() in s.casefold()]
    seen: list[float] = []
    for line in lines:
        for raw in _NUMBER.findall(line):
            plain = re.sub(r"[,\u202f\u00a0\s%]", "", raw).replace("−", "-")
            value = float(plain)
            seen.append(value)
            for reading in (value, value / 100) if raw.endswith("%") else (value,):
                if abs(reading - expected.value) <= room:
                    return ""
    where = f" near {expected.near!r}" if expected.near else ""
    return f"the number {expected.value:g}{where} is missing; numbers there: {seen[:12]}"


def findings_differ(expected: Iterable[Mapping[str, Any]], calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """Expected findings (each a subset of one) that no result holds."""
    found = [f for c in calls for f in (c.get("result") or {}).get("findings", ())]
    told = [(f.get("id"), f.get("columns"), f.get("severity")) for f in found]
    return [f"no finding fits {dict(w)}; found {told[:12]}" for w in expected if not any(fits(w, f) for f in found)]


def data_differs(expected: Mapping[str, Any], calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """Expected values in the data of the last result that has some."""
    results = [c["result"]["data"] for c in calls if (c.get("result") or {}).get("data")]
    data = results[-1] if results else {}
    return [
        f"{path}: expected {wanted}, found {_short(str(at(path, data)))}"
        for path, wanted in expected.items()
        if not fits(wanted, at(path, data))
    ]


def changes_differ(allowed: Sequence[str] | None, turns: list[TurnTrace]) -> list[str]:
    """Changed files that no allowed pattern covers."""
    if allowed is None:
        return []
    changed = {path: kind for t in turns for path, kind in t.changes.files.items()}
    return [f"{p} was {kind}" for p, kind in changed.items() if not any(fnmatch(p, a) for a in allowed)]


def file_differs(expected: FileState, found: Mapping[str, Any]) -> list[str]:
    """Why a file is not as expected; `found` is made by `observe.file_facts`."""
    if not expected.exists:
        return ["it must not exist"] if found.get("exists") else []
    if not found.get("exists"):
        return ["it does not exist"]
    told = []
    text = found.get("text") or ""
    if expected.unchanged and found.get("changed"):
        told.append("its bytes changed")
    if expected.equals is not None and text.strip() != expected.equals.strip():
        told.append(f"its text is {_short(text)}")
    wanted = Words(contains=expected.contains, lacks=expected.lacks, matches=expected.matches)
    told += words_differ(wanted, text, exact=True)
    columns = found.get("columns") or []
    if expected.columns is not None and columns != expected.columns:
        told.append(f"its columns are {columns}")
    told += [f"column {c!r} is missing among {columns[:30]}" for c in expected.has_columns if c not in columns]
    told += [f"column {c!r} must not be there" for c in expected.lacks_columns if c in columns]
    if expected.rows is not None and not within(expected.rows, found.get("rows")):
        told.append(f"it has {found.get('rows')} rows")
    for column, bound in expected.missing.items():
        missing = (found.get("missing") or {}).get(column)
        if not within(bound, missing):
            told.append(f"{column} has {missing} missing cells")
    if expected.unique_rows and found.get("duplicates"):
        told.append(f"it has {found['duplicates']} duplicate rows")
    for path, value in expected.values.items():
        there = at(path, found.get("plain"))
        if not fits(value, there):
            told.append(f"{path} is {_short(str(there))}, expected {value}")
    return told


def model_differs(expected: ModelState, found: Mapping[str, Any] | None) -> list[str]:
    """Why a registered model is not as expected."""
    if not expected.exists:
        return ["it must not exist"] if found else []
    if not found:
        return ["it is not registered"]
    told = [
        f"{name} is {found.get(name)}, expected {wanted}"
        for name, wanted in expected.model_dump(include={"version", "versions", "target", "task"}).items()
        if wanted is not None and found.get(name) != wanted
    ]
    for metric, bound in expected.metrics.items():
        value = (found.get("metrics") or {}).get(metric)
        if not within(bound, value):
            told.append(f"{metric} is {value}")
    return told


def monitor_differs(expected: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> list[str]:
    """Why a monitor is not as expected; None means that there must be none."""
    if expected is None:
        return ["it must not exist"] if found else []
    if not found:
        return ["there is none of that name"]
    return [f"{k} is {at(k, found)!r}, expected {v!r}" for k, v in expected.items() if not fits(v, at(k, found))]


def within(bound: int | Range, value: Any) -> bool:
    """Whether a number is the bound, or lies in it."""
    if value is None:
        return False
    if not isinstance(bound, Range):
        return bool(value == bound)
    return (bound.min is None or value >= bound.min) and (bound.max is None or value <= bound.max)


def _matching(pairs: Sequence[Sequence[bool]]) -> int:
    """Size of a largest one-to-one matching of expectations (rows) with calls (columns)."""
    owner: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column, good in enumerate(pairs[row]):
            if good and column not in tried:
                tried.add(column)
                if column not in owner or place(owner[column], tried):
                    owner[column] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(pairs)))


def _told(call: Call) -> str:
    return f"{call.tool or call.intent or 'any'}({_arguments(call.arguments)})"


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v!r}" for k, v in arguments.items() if v not in (None, "", [], {}))


def _short(text: str, most: int = 300) -> str:
    line = " / ".join(part for part in text.splitlines() if part.strip())
    return repr(line if len(line) <= most else line[:most] + "…")
