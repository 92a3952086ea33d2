"""The examples, shortened: the loop acts only on a yes, and a crash of the market is flagged and told with its alert."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def example(monkeypatch):
    """An example as a module; they import one another as scripts do."""
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def load(name):
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return load


@pytest.mark.slow
def test_the_loop_trains_watches_and_retrains_with_a_yes_each(example, project, capsys):
    from opsmith.tools.data import monitors, registry

    told = example("demo_loop").main(project, blocks=3)
    assert len(told["with"]) == len(told["without"]) == 3
    assert told["with"][0] == told["without"][0]  # nothing was learned before the first weeks were scored
    assert monitors.get(project, "class_model").current == "incoming/*.csv"
    versions = registry.versions(project, "class_model")
    assert told["retrained"] >= 1 and len(versions) == 1 + told["retrained"]
    assert {c.approved_by for c in versions} == {"demo"}
    for card in versions[1:]:
        assert card.comparison["rows"] >= 90 and card.data["path"].startswith(".opsmith/cache/")
    assert registry.get(project, "class_model").version in {c.version for c in versions}
    assert "left alone" in (project / "loop.html").read_text(encoding="utf-8")
    assert "waits for a yes" in capsys.readouterr().out
    if importlib.util.find_spec("matplotlib"):
        assert (project / "loop.png").read_bytes().startswith(b"\x89PNG")


def alerts(project):
    return [json.loads(line) for line in (project / ".opsmith" / "alerts.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_a_crash_is_flagged_and_a_calm_quarter_is_not(example, project, tmp_path):
    days = pd.bdate_range("2004-01-01", "2008-12-31")
    spread = np.where(days >= "2008-10-01", 0.045, 0.01)
    prices = pd.DataFrame({"date": days, "close": 1000 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, spread)))})
    prices.to_csv(tmp_path / "prices.csv", index=False)
    trading = example("trading")
    told = trading.main(tmp_path / "prices.csv", project, ("2007Q3", "2008Q4"))
    assert [t["state"] for t in told] == ["ok", "breach"]
    assert told[1]["verdict"] == "act" and told[1]["proposed"] == 1
    (alert,) = alerts(project)
    assert alert["approvals"] and alert["breaches"][0]["metric"] == "psi"
    assert "almost no signal" in trading.summary(told)


@pytest.mark.long
def test_the_crashes_of_2008_and_2020_are_flagged_in_the_real_market(example, project, shared_data):
    told = example("trading").main(
        shared_data / "finance" / "sp500_daily_2000_2020.csv",
        project,
        ("2007Q3", "2008Q4", "2009Q1", "2017Q2", "2020Q1"),
    )
    assert [t["state"] for t in told] == ["ok", "breach", "breach", "recovered", "breach"]
    assert len(alerts(project)) == 4  # two crashes, each asked again or told over once
    assert all(abs(t["accuracy"] - 0.5) < 0.15 for t in told)
