"""Amounts of a request besides the common ones of `grammar`: trials, time, costs of mistakes, typed values, load."""

from __future__ import annotations

import re

from opsmith.agent.offline.grammar import NUMBER, first, threshold, value_of


def trials(text: str) -> int | None:
    """How many settings to try: `40 trials`, `try 20 settings`."""
    m = first(text, r"\b(\d+)\s*(?:\w+\s)?(?:trials?|settings|configurations?|iterations|candidates)\b")
    return int(m.group(1)) if m else None


def minutes(text: str) -> float | int | None:
    """Time to spend: `for 5 minutes`, `at most half an hour`; None without a time limit."""
    m = first(
        text,
        rf"\b(?:for|in|within|at most|max(?:imum)?|up to|no more than|under|spend|take|not more than|less than|budget(?: of)?)\s+(?:about |at most |more than )?{NUMBER}\s*(min\w*|h(?:ours?|rs?)?|seconds?|s)\b",
        rf"\b{NUMBER}[- ](min\w*|hour) (?:budget|limit|cap|tuning|search|of (?:tuning|search|training))\b",
    )
    if not m:
        return 30 if re.search(r"\bhalf an hour\b", text, re.IGNORECASE) else None
    value, unit = value_of(m.group(1)), m.group(2).casefold()
    return value * 60 if unit.startswith("h") else round(value / 60, 3) if unit.startswith("s") else value


def costs(text: str) -> dict[str, float | int]:
    """What mistakes cost: `a miss costs 10 times a false alarm`, `a false alarm costs 5, a miss 50`."""
    alarm, miss = r"false (?:alarms?|positives?)", r"(?:miss(?:es|ed \w+)?|false negatives?|(?:an? )?overlooked \w+)"
    m = first(
        text,
        rf"\b{miss}\b[^,;.]{{0,25}}?{NUMBER}\s*(?:times|x|fold)[^,;.]{{0,25}}\b{alarm}",
        rf"\b{miss}\b.{{0,12}}{NUMBER}\s*(?:times|x)\b",
    )
    if m:
        return {"miss_cost": value_of(m.group(1))}
    found: dict[str, float | int] = {}
    for key, name in (("false_alarm_cost", alarm), ("miss_cost", miss)):
        m = first(
            text,
            rf"\b{name}\b\s*(?:costs?|is|:|=|at|worth)?\s*(?:us |about )?[$€£]?{NUMBER}",
            rf"{NUMBER}\s*(?:for|per|a|an|each)\s+(?:a )?{name}",
        )
        if m:
            found[key] = value_of(m.group(1))
    return found


def cut(text: str) -> float | int | str | None:
    """The probability from which a case counts as positive: a `threshold`, or `80% or more`, `more than 30 percent risk`."""
    m = first(
        text,
        rf"{NUMBER}\s*(%|percent)\s*(?:or (?:more|higher|above)|and (?:more|up|above)|upwards|plus|risk|probab\w*|chance|sure|certain)",
        rf"\bcut(?:[- ]?off)?\s*(?:at|to|=|:)?\s*{NUMBER}\s*(%|percent)?",
    )
    if m:
        return f"{m.group(1)}%" if m.group(2) else value_of(m.group(1))
    return threshold(text)


def values(text: str) -> str | None:
    """Values typed as column=value, comma-separated, as they were typed; None when there are none.

    >>> values("what would churn say for tenure=3, plan=month to month?")
    'tenure=3, plan=month to month'
    """
    pairs = re.findall(r"[`\"']?([A-Za-z_][\w ]*?)[`\"']?\s*=\s*([^,;=?]+?)(?=\s*(?:,|;|\?|$|\band\b\s+[\w ]+=))", text)
    kept = [
        (re.split(r"\b(?:for|with|if|when|where|and|of|given)\s+", k)[-1].strip(), v.strip(" .\"'`")) for k, v in pairs
    ]
    return ", ".join(f"{k}={v}" for k, v in kept if k and v and k.casefold() not in _SETTINGS) or None


_SETTINGS = frozenset(["threshold", "cutoff", "cut-off", "n", "version", "seed", "port", "replicas"])


def load(text: str) -> dict[str, float | int]:
    """What a service must bear: rate (requests a second), latency (ms), seconds of each step."""
    found: dict[str, float | int] = {}
    m = first(
        text,
        rf"{NUMBER}\s*(?:requests?|reqs?|calls?|queries|predictions?)?\s*(?:/|per|a|each)\s*(?:s|sec|second)\b",
        rf"{NUMBER}\s*(?:rps|qps|req/s)\b",
    )
    if m:
        found["rate"] = value_of(m.group(1))
    m = first(
        text,
        rf"\b(?:latency|p95|p99|answer\w*|respon\w+|under|below|within)\b[^.;\d]{{0,25}}{NUMBER}\s*(ms|milliseconds?|seconds?|s)\b",
    )
    if m:
        value = value_of(m.group(1))
        found["latency"] = value if m.group(2).casefold().startswith("m") else value * 1000
    m = first(text, rf"\bfor\s+{NUMBER}\s*(?:s|sec|seconds?)\b")
    if m:
        found["seconds"] = int(value_of(m.group(1)))
    return found


def seconds(text: str) -> float | int | None:
    """Time to spend, in seconds: `in 20 seconds`, `take at most 2 minutes`."""
    spent = minutes(text)
    return None if spent is None else round(spent * 60, 1)
