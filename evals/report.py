"""A run in the terminal: a progress line while it plays, then what failed and the sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from opsmith.evals.judging import Totals
from opsmith.evals.trace import Play


@contextmanager
def progress(console: Console, jobs: int) -> Iterator[Any]:
    """A progress bar; the yielded function takes each finished play."""
    columns = (
        TextColumn("playing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("playing", total=jobs, note="")
        failed = 0

        def told(play: Play, done: int, of: int) -> None:
            nonlocal failed
            failed += not play.passed
            bar.update(task, completed=done, total=of, note=f"{failed} failed" if failed else "")

        yield told


def show(console: Console, plays: Sequence[Play], sums: Totals, *, wall: float, details: int = 20) -> None:
    """Failures first, then one line a suite, then the sums."""
    failed = [p for p in plays if not p.passed]
    for play in failed[:details]:
        console.print(f"[red]✗[/] [bold]{escape(play.key)}[/]  {escape(play.title)}", highlight=False)
        for failure in play.failures:
            where = f"turn {failure.turn}" if failure.turn else "end"
            mark = "[red]HARD[/] " if failure.hard else ""
            console.print(f"    {mark}{where}: {escape(failure.check)}: {escape(failure.message)}", highlight=False)
    if len(failed) > details:
        console.print(f"… and {len(failed) - details} more; --json, --html or --markdown hold all of them.")
    console.print(suite_table(plays))
    hats = ", ".join(f"pass^{k} {v:.3f}" for k, v in sums.pass_hat.items())
    console.print(
        f"{sums.cases_passed} of {sums.cases} cases passed ({sums.passed} of {sums.plays} plays), "
        f"hard failures: {sums.hard}. {hats}.",
        highlight=False,
    )
    slow = [p for p in plays if p.notes]
    if slow:
        console.print(f"{len(slow)} plays exceeded a budget: " + "; ".join(f"{p.key}: {', '.join(p.notes)}" for p in slow[:5]),
                      highlight=False)  # fmt: skip
    tokens = f", {sums.tokens:,} tokens" if sums.tokens else ""
    cost = f", ${sums.cost:.4f}" if sums.cost else ""
    console.print(f"{wall:.1f} s on the clock, {sums.seconds:.1f} s of play{tokens}{cost}.", highlight=False)


def suite_table(plays: Sequence[Play]) -> Table:
    """One line a suite: plays, passed, hard failures, seconds."""
    table = Table("suite", "cases", "plays", "passed", "hard", "seconds", box=None, header_style="bold")
    for name, rows in by_suite(plays).items():
        passed = sum(p.passed for p in rows)
        table.add_row(
            escape(name),
            str(len({p.case for p in rows})),
            str(len(rows)),
            f"[green]{passed}[/]" if passed == len(rows) else f"[red]{passed}[/]",
            str(sum(any(f.hard for f in p.failures) for p in rows)),
            f"{sum(p.seconds for p in rows):.1f}",
        )
    return table


def by_suite(plays: Sequence[Play]) -> dict[str, list[Play]]:
    """Plays grouped by suite, in order."""
    grouped: dict[str, list[Play]] = {}
    for play in plays:
        grouped.setdefault(play.suite, []).append(play)
    return grouped
