"""The whole loop on real data, offline: train, watch, drift, approved retraining, comparison, approved promotion, and again.

New South Wales electricity prices, 1996 to 1998 (Elec2, every 8th half hour): will the price rise? A model is trained on the
first year; then four weeks after four weeks arrive as files. One script plays the person: every yes below is an approval like
any other. Each four weeks are scored before anything learns from them, once by the model that Opsmith has kept up and once by
the first model, left alone. When accuracy falls, the monitor proposes a remedy: an earlier version that does surely better on
the new weeks, else a retraining on the last twelve. The person promotes a challenger that was at least as good on weeks that
neither had seen: the champion has failed then, so waiting for certainty would cost more than a wrong promotion.

    make demo-loop        (or: python examples/demo_loop.py FOLDER, to keep the project; loop.png and loop.html lie in it)
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from opsmith.agent import monitoring
from opsmith.agent.session import Decision, Session
from opsmith.tools.compute import training
from opsmith.tools.compute.training_run import card_plan
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry

DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "drift_electricity.csv.gz"
FIRST, BLOCK = 2178, 168  # rows: the first year, four weeks
BEGAN = datetime(1997, 5, 8, tzinfo=UTC)
MODEL = "class_model"


def main(project: Path, blocks: int = 20) -> dict[str, Any]:
    """Play the loop in a folder; accuracy of each four weeks with and without, and what was done."""
    rows = pd.read_csv(DATA)
    (project / "incoming").mkdir(parents=True, exist_ok=True)
    rows.iloc[:FIRST].to_csv(project / "history.csv", index=False)
    for before in (2, 1):
        arrives(project, rows, -before)
    told: dict[str, Any] = {"with": [], "without": [], "retrained": 0, "promoted": 0, "rolled_back": 0}
    session = Session(project, user="demo", door="script")
    try:
        say(session, "train a gradient boosting model for class on history.csv")
        say(session, f"watch {MODEL} on incoming/*.csv weekly and retrain automatically when accuracy drops below 0.78")
        first = registry.get(project, MODEL)
        ready: dict[int, Any] = {}
        for number in range(min(blocks, (len(rows) - FIRST) // BLOCK)):
            block = arrives(project, rows, number)
            kept, alone = (accuracy(card, block, ready) for card in (registry.get(project, MODEL), first))
            told["with"].append(kept)
            told["without"].append(alone)
            print(f"\n--- weeks {number * 4 + 1} to {number * 4 + 4}: accuracy {kept:.2f}, left alone {alone:.2f}")
            turn(session, told, BEGAN + timedelta(weeks=4 * (number + 1)))
    finally:
        session.close()
    draw(project, told)
    return told


def arrives(project: Path, rows: pd.DataFrame, number: int) -> pd.DataFrame:
    """Four weeks of prices with what became of them, as the newest file."""
    start = FIRST + number * BLOCK
    block = rows.iloc[start : start + BLOCK]
    path = project / "incoming" / f"weeks_{4 * number + 1:+04d}.csv"
    block.to_csv(path, index=False)
    moment = (BEGAN + timedelta(weeks=4 * (number + 1))).timestamp()
    os.utime(path, (moment, moment))
    return block


def turn(session: Session, told: dict[str, Any], moment: datetime) -> None:
    """One check; what it proposes is approved, and a challenger that won is promoted."""
    project = session.project
    for run in monitoring.run_once(project, now=lambda: moment):
        print(run.line()[:700])
        versions = len(registry.versions(project, MODEL))
        before = registry.get(project, MODEL).version
        if run.approvals:
            yes(project, f"monitor-{run.monitor}")
        newest = registry.versions(project, MODEL)[-1]
        if len(registry.versions(project, MODEL)) > versions:
            told["retrained"] += 1
            if newest.comparison.get("gain", -1.0) > 0:
                say(session, f"promote version {newest.version} of {MODEL}")
                told["promoted"] += 1
        elif registry.get(project, MODEL).version != before:
            told["rolled_back"] += 1


def say(session: Session, text: str) -> None:
    """Say something in the conversation, and yes to what it proposes."""
    print(f"\n› {text}")
    show(session.send(text))
    approve(session)


def yes(project: Path, thread: str) -> None:
    """Yes to what a monitor proposed; its proposals wait in a thread of their own."""
    session = Session(project, thread, user="demo", door="script")
    try:
        approve(session)
    finally:
        session.close()


def approve(session: Session) -> None:
    """Approve exactly what was shown."""
    waiting = session.pending
    if waiting:
        print(f"› yes, {'; '.join(p.summary for p in waiting)[:200]}")
        show(session.decide([Decision(p.id, p.digest, "yes", "demo", "script") for p in waiting]))


def show(events: Iterable[Any]) -> None:
    """What the conversation answers, one line an event, each once."""
    shown = set()
    for event in events:
        text = getattr(event, "text", "") or getattr(event, "message", "")
        if text and text not in shown:
            shown.add(text)
            print(f"  {text.splitlines()[0][:300]}")


def accuracy(card: registry.ModelCard, block: pd.DataFrame, ready: dict[int, Any] | None = None) -> float:
    """Share of the rows that the model says rightly. ready: versions that were loaded before."""
    ready = {} if ready is None else ready
    if card.version not in ready:
        ready[card.version] = registry.load(card)
    said = ready[card.version].predict(training.inputs_of(block, card_plan(card)))
    return float((said == block[card.target].to_numpy()).mean())


def draw(project: Path, told: dict[str, Any]) -> None:
    """Accuracy over time with and without: a page without network, and a picture where matplotlib is there."""
    from opsmith.agent.pictures import picture
    from opsmith.tools.compute.drift_svg import lines

    weeks = [4 * i + 1 for i in range(len(told["with"]))]
    series = {"with Opsmith": told["with"], "left alone": told["without"]}
    head = "<!doctype html><meta charset='utf-8'><title>The loop</title><h1>Accuracy with and without</h1>"
    drawn = lines("Accuracy, every four weeks", weeks, series)
    (project / "loop.html").write_text(f"{head}{drawn}<p>{summary(told)}</p>", encoding="utf-8")
    chart = {
        "kind": "line", "title": "Will the price rise? Share of right answers", "x": weeks, "series": series,
        "x_label": "week after the first year", "y_label": "accuracy",
    }  # fmt: skip
    try:
        (project / "loop.png").write_bytes(picture([chart], "Accuracy with Opsmith and left alone"))
    except ToolError as error:
        print(error)


def summary(told: dict[str, Any]) -> str:
    """The result in a sentence."""
    mean = {k: sum(told[k]) / max(1, len(told[k])) for k in ("with", "without")}
    better = sum(a > b for a, b in zip(told["with"], told["without"], strict=True))
    worse = sum(a < b for a, b in zip(told["with"], told["without"], strict=True))
    return (
        f"Mean accuracy {mean['with']:.3f} with Opsmith, {mean['without']:.3f} left alone (better in {better} of "
        f"{len(told['with'])} stretches, worse in {worse}); retrained {told['retrained']} times, promoted {told['promoted']}, "
        f"rolled back {told['rolled_back']}."
    )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads gain nothing on so few rows, and wait for one another
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="opsmith-loop-") as scratch:
        place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch)
        result = main(place)
    print(f"\n{summary(result)} {time.monotonic() - began:.0f} seconds.")
