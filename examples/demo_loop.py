"""The whole loop on real data, offline: train, watch, drift, approved retraining, comparison, approved promotion, and again.

New South Wales electricity prices, 1996 to 1998 (Elec2, every 8th half hour). A model is trained on the first year; then eight
weeks after eight weeks arrive. One script plays the person: every yes below is an approval like any other. Each stretch is
scored before anything learns from it, once by the model that Opsmith has kept up and once by the first model, left alone.

Eight stretches by default: in the last two the market of the first year is back, and the first model would do well again.

    make demo-loop        (or: python examples/demo_loop.py FOLDER, to keep the project)
"""

from __future__ import annotations

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
from opsmith.tools.compute.drift_svg import lines
from opsmith.tools.compute.training_run import card_plan
from opsmith.tools.data import registry

DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "drift_electricity.csv.gz"
FIRST, BLOCK, WINDOW = 2178, 336, 504  # rows: the first year, eight weeks, twelve weeks
NOW = "incoming/now.csv"


def main(project: Path, blocks: int = 8) -> dict[str, Any]:
    """Play the loop in a folder; mean accuracy with and without, and what was decided."""
    rows = pd.read_csv(DATA)
    (project / "incoming").mkdir(parents=True, exist_ok=True)
    rows.iloc[:FIRST].to_csv(project / "history.csv", index=False)
    rows.iloc[FIRST - WINDOW : FIRST].to_csv(project / NOW, index=False)
    say(project, "train a gradient boosting model for class on history.csv")
    say(project, f"watch class_model on {NOW} weekly and retrain automatically when accuracy drops below 0.78")
    first = registry.get(project, "class_model")
    told: dict[str, Any] = {"with": [], "without": [], "retrained": 0, "promoted": []}
    for number in range(min(blocks, (len(rows) - FIRST) // BLOCK)):
        start = FIRST + number * BLOCK
        block = rows.iloc[start : start + BLOCK]
        told["with"].append(accuracy(registry.get(project, "class_model"), block))
        told["without"].append(accuracy(first, block))
        rows.iloc[max(0, start + BLOCK - WINDOW) : start + BLOCK].to_csv(project / NOW, index=False)
        kept, alone = told["with"][-1], told["without"][-1]
        print(f"\n--- weeks {number * 8 + 1} to {number * 8 + 8}: accuracy {kept:.2f}, left alone {alone:.2f}")
        turn(project, told, datetime(1997, 5, 8, tzinfo=UTC) + timedelta(weeks=8 * (number + 1)))
    (project / "loop.html").write_text(picture(told), encoding="utf-8")
    return told


def turn(project: Path, told: dict[str, Any], moment: datetime) -> None:
    """One check; after a breach the retraining that it proposed is approved, and a challenger that won is promoted."""
    for run in monitoring.run_once(project, now=lambda: moment):
        print(run.line())
        if run.state != "breach":
            continue
        if pending(project, f"monitor-{run.monitor}"):
            approve(project, f"monitor-{run.monitor}")
        else:
            say(project, f"retrain class_model on {NOW}")
        told["retrained"] += 1
        newest = registry.versions(project, "class_model")[-1]
        if newest.comparison.get("recommendation") == "promote":
            say(project, f"promote version {newest.version} of class_model")
            told["promoted"].append(newest.version)


def say(project: Path, text: str) -> None:
    """Say something in the conversation, and yes to what it proposes."""
    session = Session(project, user="demo", door="script")
    try:
        print(f"\n› {text}")
        show(session.send(text))
        yes(session)
    finally:
        session.close()


def pending(project: Path, thread: str) -> bool:
    """Whether something waits for an answer there."""
    session = Session(project, thread, user="demo", door="script")
    try:
        return bool(session.pending)
    finally:
        session.close()


def approve(project: Path, thread: str) -> None:
    """Yes to what a monitor proposed."""
    session = Session(project, thread, user="demo", door="script")
    try:
        yes(session)
    finally:
        session.close()


def yes(session: Session) -> None:
    """Approve exactly what was shown."""
    waiting = session.pending
    if waiting:
        print("› yes")
        show(session.decide([Decision(p.id, p.digest, "yes", "demo", "script") for p in waiting]))


def show(events: Iterable[Any]) -> None:
    """What the conversation answers, one line an event."""
    for event in events:
        text = getattr(event, "text", "") or getattr(event, "message", "")
        if text:
            print(f"  {text.splitlines()[0][:300]}")


def accuracy(card: registry.ModelCard, block: pd.DataFrame) -> float:
    """Share of the rows that the model says rightly."""
    said = registry.load(card).predict(training.inputs_of(block, card_plan(card)))
    return float((said == block[card.target].to_numpy()).mean())


def picture(told: dict[str, Any]) -> str:
    """Accuracy over time with and without, as a page without network."""
    weeks = [f"week {i * 8 + 1}" for i in range(len(told["with"]))]
    drawn = lines("Accuracy, every eight weeks", weeks, {"with Opsmith": told["with"], "left alone": told["without"]})
    head = "<!doctype html><meta charset='utf-8'><title>The loop</title><h1>Accuracy with and without</h1>"
    return f"{head}{drawn}<p>{summary(told)}</p>"


def summary(told: dict[str, Any]) -> str:
    """The result in a sentence."""
    mean = {k: sum(told[k]) / max(1, len(told[k])) for k in ("with", "without")}
    return (
        f"Mean accuracy {mean['with']:.3f} with Opsmith, {mean['without']:.3f} left alone; retrained {told['retrained']} times, "
        f"promoted {len(told['promoted'])} times."
    )


if __name__ == "__main__":
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="opsmith-loop-") as scratch:
        place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch)
        result = main(place)
    print(f"\n{summary(result)} {time.monotonic() - began:.0f} seconds.")
