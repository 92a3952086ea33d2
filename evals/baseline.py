"""Compare a run with a stored one, tell what got worse, and keep a history that can be drawn over time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsmith.evals.judging import Totals
from opsmith.evals.trace import Play, play_from
from opsmith.tools.contract import ToolError

_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Difference:
    """A run against another: keys of plays."""

    broken: tuple[str, ...]  # passed before, fail now
    mended: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    slower: tuple[tuple[str, float, float], ...]  # key, seconds before, seconds now

    @property
    def regression(self) -> bool:
        return bool(self.broken)

    def sentence(self) -> str:
        """The comparison in one line."""
        told = [f"{len(self.broken)} got worse", f"{len(self.mended)} got better"]
        told += [f"{len(self.new)} are new"] if self.new else []
        told += [f"{len(self.gone)} are gone"] if self.gone else []
        told += [f"{len(self.slower)} are slower"] if self.slower else []
        return "Against the baseline: " + ", ".join(told) + "."


def read_run(path: Path) -> list[Play]:
    """The plays of a stored run (`--json`)."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return [play_from(p) for p in plain["plays"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path} holds no run of `opsmith eval --json`: {error}.") from None


def compare(before: Sequence[Play], now: Sequence[Play], *, slower: float = 2.0, least: float = 1.0) -> Difference:
    """What changed. A play is slower when it took `slower` times as long and `least` seconds more."""
    old, new = {p.key: p for p in before}, {p.key: p for p in now}
    both = [k for k in new if k in old]
    return Difference(
        tuple(k for k in both if old[k].passed and not new[k].passed),
        tuple(k for k in both if not old[k].passed and new[k].passed),
        tuple(k for k in new if k not in old),
        tuple(k for k in old if k not in new),
        tuple(
            (k, old[k].seconds, new[k].seconds)
            for k in both
            if new[k].seconds > max(old[k].seconds * slower, old[k].seconds + least)
        ),
    )


def add_to_history(path: Path, sums: Totals, about: Mapping[str, Any]) -> None:
    """Append one line: when, which version and planner, and the rates."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {
        "at": about["at"], "model": about["model"], "version": about["version"], "suites": about["suites"],
        "cases": sums.cases, "cases_passed": sums.cases_passed, "plays": sums.plays, "passed": sums.passed,
        "hard": sums.hard, "seconds": sums.seconds, "tokens": sums.tokens, "cost": sums.cost,
    }  # fmt: skip
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def history(path: Path) -> list[dict[str, Any]]:
    """The lines of a history, oldest first; lines that are no JSON are left out."""
    found = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found


def spark(values: Sequence[float]) -> str:
    """A small line of bars from 0 to 1.

    >>> spark([0.0, 0.5, 1.0])
    '▁▅█'
    """
    return "".join(_BARS[min(int(max(v, 0.0) * len(_BARS)), len(_BARS) - 1)] for v in values)
