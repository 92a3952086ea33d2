"""A direction model on the S&P 500, held against what the market did, through 2008 and 2020.

Trained on 2000 to 2006: does the index rise tomorrow, from the returns of today, of yesterday and of the week? Then quarter
after quarter arrives. The monitor compares each with the training years and the model's answers with what the market did; in
the two crashes it alerts and proposes retraining, which is left unanswered here. It also says what no monitor can mend: daily
returns carry almost no signal, so the model is hardly better than always saying the same, before, in and after the crashes.

    python examples/trading.py PRICES.csv [FOLDER]     (columns date, close; daily. The data is not part of Opsmith.)
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import demo_loop
import numpy as np
import pandas as pd

from opsmith.agent import monitoring
from opsmith.agent.session import Session
from opsmith.tools.data import registry

MODEL = "up_model"
QUARTERS = tuple(str(q) for q in pd.period_range("2007Q1", "2009Q4", freq="Q")) + tuple(
    str(q) for q in pd.period_range("2017Q1", "2020Q1", freq="Q")
)


def main(prices: Path, project: Path, quarters: tuple[str, ...] = QUARTERS) -> list[dict[str, Any]]:
    """Train, watch, and check each quarter; for each: verdict, psi, accuracy, always saying up, and what was proposed."""
    days = directions(pd.read_csv(prices, parse_dates=["date"]))
    (project / "incoming").mkdir(parents=True, exist_ok=True)
    days[days.date < "2007"].drop(columns="date").to_csv(project / "history.csv", index=False)
    session = Session(project, user="demo", door="script")
    try:
        demo_loop.say(session, "train a logistic regression for up on history.csv")
        demo_loop.say(session, f"watch {MODEL} on incoming/*.csv daily and retrain automatically when psi passes 0.7")
        demo_loop.say(session, f"alert me too when the accuracy of {MODEL} drops below 0.4")
    finally:
        session.close()
    model = registry.get(project, MODEL)
    told = []
    for quarter in quarters:
        rows = days[days.date.dt.to_period("Q") == quarter]
        rows.drop(columns="date").to_csv(project / "incoming" / f"{quarter}.csv", index=False)
        moment = rows.date.max().to_pydatetime().replace(tzinfo=UTC) + timedelta(days=1)
        (run,) = monitoring.run_once(project, now=lambda at=moment: at)
        right, up = demo_loop.accuracy(model, rows), float((rows["up"] == "yes").mean())
        told.append({
            "quarter": quarter, "state": run.state, "verdict": run.verdict, "psi": run.values.get("psi", 0.0),
            "accuracy": right, "always_up": up, "proposed": len(run.approvals),
        })  # fmt: skip
        print(f"\n--- {quarter}: right on {right:.0%} of {len(rows)} days; always saying up: {up:.0%}")
        print(run.line()[:500])
    print(f"\n{summary(told)}")
    return told


def directions(prices: pd.DataFrame) -> pd.DataFrame:
    """The day's, the day before's and the week's return in percent, and whether the next day's is above nothing."""
    gain = 100 * np.log(prices["close"]).diff()
    made = pd.DataFrame(
        {"date": prices["date"], "today": gain, "yesterday": gain.shift(1), "week": gain.rolling(5).sum()}
    )
    made["up"] = np.where(gain.shift(-1) > 0, "yes", "no")
    return made.iloc[:-1].dropna().reset_index(drop=True)


def summary(told: list[dict[str, Any]]) -> str:
    """What was flagged, and what the model was worth, in two sentences."""
    flagged = [t["quarter"] for t in told if t["state"] == "breach"]
    mean = {k: sum(t[k] for t in told) / max(1, len(told)) for k in ("accuracy", "always_up")}
    return (
        f"Flagged: {', '.join(flagged) or 'no quarter'}. Over all quarters the model is right on {mean['accuracy']:.1%} of days, "
        f"always saying up on {mean['always_up']:.1%}: daily returns carry almost no signal, and retraining cannot add what is "
        "not there."
    )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Name a CSV file of daily prices with the columns date and close.")
    with tempfile.TemporaryDirectory(prefix="opsmith-trading-") as scratch:
        main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(scratch))
