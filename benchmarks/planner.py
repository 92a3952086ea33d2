"""Score the offline planner: own sets by part, difficulty and tag, confusion, robustness, time, load and memory.

    python benchmarks/planner.py [EXTRA.jsonl ...]      # extra files in the dialogue format, such as a development set

Writes results/planner.json and planner.md. Calls only; `opsmith eval dialogues` runs the real tools.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "planner_sets")]
import planner_items  # noqa: E402
import planner_play  # noqa: E402
import score as scorer  # noqa: E402

SHOWN = ("n", "intent_acc", "arg_f1", "clarify_p", "clarify_r", "confirm_p", "confirm_r", "turn_pass")


def held() -> list[dict[str, Any]]:
    """Items of the domains that the classifier was not trained on."""
    return planner_items.items("held")


def changed(items: list[dict[str, Any]], how: str) -> list[dict[str, Any]]:
    """Single requests with the text made harder: typos, case, punctuation or word order."""
    rng = random.Random(7)
    return [{**i, "text": CHANGES[how](i["text"], i, rng)} for i in items if "turns" not in i]


def _typos(text: str, item: dict[str, Any], rng: random.Random) -> str:
    """One slip in each of up to two content words: neighbours swapped, a letter lost, doubled or mistyped."""
    names = " ".join(
        [*item["files"], *item.get("models", {}), *(c for f in item["files"].values() for c in f)]
    ).casefold()
    words = text.split()
    able = [n for n, w in enumerate(words) if len(w) >= 5 and w.isalpha() and w.casefold() not in names]
    for n in rng.sample(able, min(2, len(able))):
        at = rng.randrange(1, len(words[n]) - 1)
        word, how = words[n], rng.choice(("swap", "swap", "lose", "double", "wrong"))
        head, tail = word[:at], word[at + 1 :]
        words[n] = {
            "swap": head + word[at + 1] + word[at] + word[at + 2 :], "lose": head + tail,
            "double": head + 2 * word[at] + tail, "wrong": head + rng.choice("aeionrst") + tail,
        }[how]  # fmt: skip
    return " ".join(words)


def _turned(text: str, item: dict[str, Any], rng: random.Random) -> str:
    head, comma, tail = text.partition(", ")
    return f"{tail}, {head}" if comma and " " in tail else text


CHANGES = {
    "typos": _typos,
    "upper case": lambda text, item, rng: text[:1].upper() + text[1:],
    "no punctuation": lambda text, item, rng: text.rstrip("?.!").replace("?", "").replace("!", ""),
    "clauses turned round": _turned,
}


def confusion(items: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """(meant, read, how often) of single intents that were misread."""
    gold = {(i["id"], n): t["intent"] for i in items for n, t in enumerate(i.get("turns", [i]), 1)}
    pairs = Counter()
    for row in rows:
        meant, read = gold[row["id"], row["turn"]], "+".join(row["intents"]) or "asks"
        if isinstance(meant, str) and scorer.intents_of(meant) != scorer.intents_of(row["intents"]):
            pairs[meant, read] += 1
    return [(a, b, n) for (a, b), n in pairs.most_common()]


_FIRST = "from opsmith.agent.offline.planner import explain; explain('profile a.csv', {'files': []})"
_LOADED = {  # what the process holds before the planner comes
    "after the graph": "import langgraph.graph, opsmith.agent.session, langchain_core.language_models.chat_models",
    "after langchain_core": "import langchain_core.language_models.chat_models, langchain_core.messages",
    "cold, interpreter and langchain_core too": "pass",
}


def load_times() -> dict[str, dict[str, float]]:
    """What the planner's import and a first sentence cost in fresh processes: seconds, seconds of processor and, but for
    the cold total, megabytes more. Best of three each."""
    found = {}
    for name, before in _LOADED.items():
        program = (
            f"{before}\nimport time, resource\nm = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            f"t, c = time.perf_counter(), time.process_time()\n{_FIRST}\n"
            "print(time.perf_counter() - t, time.process_time() - c, "
            "(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - m) / 1024)"
        )
        runs = []
        for _ in range(3):
            started, used = time.perf_counter(), _children()
            done = subprocess.run(
                [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
            )
            told = [float(v) for v in done.stdout.split()]
            runs.append([time.perf_counter() - started, _children() - used, 0.0] if before == "pass" else told)
        seconds, processor, megabytes = min(runs, key=lambda r: r[1])
        found[name] = {"seconds": round(seconds, 3), "cpu_seconds": round(processor, 3)}
        if megabytes:
            found[name]["memory_mb"] = round(megabytes, 1)
    return found


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def phrases_held_out() -> dict[str, float]:
    """Accuracy on the third of the phrase lines that a classifier trained without them never saw."""
    import planner_train

    model = planner_train.fit(planner_train.rows(), 2.0)
    left = [
        (*planner_train.from_phrase(planner_train.undo_apart(i, t), t), "", 1.0)
        for i, t, line in planner_train.phrases()
        if planner_train.held_phrase(line)
    ]
    guess = model.predict(planner_train.matrix(left))
    right = sum(g == r[2] for g, r in zip(guess, left, strict=True))
    return {"phrases": len(left), "accuracy": round(right / len(left), 3)}


def measure(extra: list[Path]) -> dict[str, Any]:
    """All figures as plain values."""
    sets = {"own, held out": held(), "own, tuned on": planner_items.items("train")}
    for path in extra:
        sets[path.stem] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    found: dict[str, Any] = {"machine_load": os.getloadavg()[0], "sets": {}, "load": load_times()}
    for name, items in sets.items():
        started = time.process_time()
        rows = planner_play.predictions(items)
        spent = time.process_time() - started
        result = scorer.score(items, rows)
        passed = [result["dialogues_passed"], result["dialogues"]]
        found["sets"][name] = {
            "rows": result["rows"],
            "cpu_ms_a_turn": round(1000 * spent / len(rows), 2),
            "dialogues": passed,
            "confusion": confusion(items, rows),
        }
    found["phrases_held_out"] = phrases_held_out()
    singles = [i for i in held() if "turns" not in i]
    robust = {"as written": singles} | {how: changed(singles, how) for how in CHANGES}
    scored = {how: scorer.score(items, planner_play.predictions(items))["rows"]["ALL"] for how, items in robust.items()}
    found["robustness"] = {how: [row["intent_acc"], row["turn_pass"]] for how, row in scored.items()}
    found["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def page(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = ["# The offline planner, measured", ""]
    for name, one in found["sets"].items():
        lines += [f"## {name}", "", "| | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
        order = sorted(one["rows"], key=lambda k: (k != "ALL", not k.startswith(("kind", "difficulty")), k))
        for key in order:
            values = [one["rows"][key][s] for s in SHOWN]
            lines.append(
                f"| {key} | "
                + " | ".join("" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in values)
                + " |"
            )
        passed, whole = one["dialogues"]
        lines += [
            "",
            f"Whole dialogues passed: {passed} of {whole}. {one['cpu_ms_a_turn']} ms of processor time a turn.",
            "",
        ]
        lines += ["Misread: " + ("; ".join(f"{a} as {b} ({n})" for a, b, n in one["confusion"]) or "none") + ".", ""]
    lines += ["## Robustness (held-out requests: intent accuracy, turn pass)", ""]
    lines += [f"- {how}: {intent:.3f}, {passed:.3f}" for how, (intent, passed) in found["robustness"].items()]
    left = found["phrases_held_out"]
    lines += [
        "",
        f"Phrase lines held out: {left['accuracy']:.3f} of {left['phrases']} phrases, with a classifier trained without them.",
        "",
        *(
            f"Load {name}: {one['seconds']} s, {one['cpu_seconds']} s of processor"
            + (f", {one['memory_mb']} MB." if "memory_mb" in one else ".")
            for name, one in found["load"].items()
        ),
        f"Machine load: {found['machine_load']:.1f}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    figures = measure([Path(a) for a in sys.argv[1:]])
    out = HERE / "results"
    out.mkdir(exist_ok=True)
    (out / "planner.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "planner.md").write_text(page(figures), encoding="utf-8")
    print(page(figures)[:1500])
