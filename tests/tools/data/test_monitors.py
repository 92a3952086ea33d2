"""Monitors as files: they read back as they were written, and bad ones are told."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.contract import ToolError
from opsmith.tools.data import monitors
from opsmith.tools.data.monitors import Monitor

SIMPLE = Monitor("churn", model="churn", thresholds={"psi": 0.3, "auc": 0.7}, schedule="6h", columns=("a b", 'c"d'))


def test_a_monitor_reads_back_as_it_was_written(tmp_path):
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors/churn.yaml").write_text(monitors.checked(SIMPLE).as_yaml())
    read = monitors.get(tmp_path, "churn")
    assert read == monitors.checked(SIMPLE)
    assert (read.metric, read.threshold) == ("psi", 0.3)
    assert monitors.list_monitors(tmp_path) == [read]


def test_a_broken_file_is_told_and_the_others_are_read(tmp_path):
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors/a.yaml").write_text("name: [\n")
    (tmp_path / "monitors/b.yaml").write_text("- 1\n")
    (tmp_path / "monitors/c.yaml").write_bytes(b"name: \xff")
    (tmp_path / "monitors/churn.yaml").write_text(SIMPLE.as_yaml())
    assert [m.name for m in monitors.list_monitors(tmp_path)] == ["churn"]
    assert [p.split(" ")[0] for p in monitors.problems(tmp_path)] == [f"monitors/{n}.yaml" for n in "abc"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nmodel: m\nthreshhold: 1", "thresholds"),
        ("name: x", "neither a model nor two tables"),
        ("name: x\nmodel: m\nversion: 2", "version 1"),
        ("name: x\nmodel: m\nchecks: [luck]", "luck"),
        ("name: x\nmodel: m\nthresholds: {psii: 1}", "psi"),
        ("name: x\nmodel: m\nthresholds: {psi: high}", "thresholds"),
        ("name: x\nmodel: m\nschedule: sometimes", "no schedule"),
        ("name: ../x\nmodel: m", "cannot be a monitor's name"),
        ("name: x\nmodel: m\non_breach: retrain", "on_breach"),
        ("name: x\nmodel: m\nenabled: 'yes'", "enabled"),
    ],
)
def test_what_is_wrong_is_named(text, told):
    with pytest.raises(ToolError, match=told):
        monitors.from_text(text, "monitors/x.yaml")


def test_scores_breach_below_and_errors_above():
    assert monitors.breached("auc", 0.6, 0.7) and not monitors.breached("auc", 0.8, 0.7)
    assert monitors.breached("mae", 13, 12) and not monitors.breached("psi", 0.1, 0.2)
    assert monitors.metric_name("F1 score") == "f1"


@given(st.text())
def test_every_name_becomes_a_safe_file_name(text):
    name = monitors.named(text)
    assert name and "/" not in name and "\x00" not in name and not name.startswith(".")
    assert monitors.named(name) == name


_names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@given(_names, _names, st.lists(_names, max_size=3), st.floats(-1e9, 1e9))
def test_nasty_columns_and_models_survive_the_file(model, table, columns, limit):
    monitor = Monitor("m", model, table, table, columns=tuple(columns), thresholds={"psi": limit})
    monitor = monitors.checked(monitor)
    assert monitors.from_text(monitor.as_yaml(), "x") == monitor
    assert dataclasses.asdict(monitor)["threshold"] == limit
