"""The monitor tool: what it proposes, what it keeps, and when it asks."""

import pytest

from opsmith.agent.effects import Place, effect_of
from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data import monitors
from opsmith.tools.monitor import monitor


@pytest.fixture
def place(tmp_path):
    (tmp_path / "raw").mkdir()
    for name in ("spring", "summer", "autumn"):
        (tmp_path / f"raw/{name} bikes.csv").write_text("temp,hum\n1,2\n3,4\n")
    return Context(project=tmp_path)


def carry_out(context, action, approval="a1"):
    return effect_of(action.kind).apply(action.arguments, Place(context.project, approval, "ana"))


def create(context, **given):
    result = monitor(reference="spring bikes.csv", current="summer bikes.csv", **given, context=context)
    return result, result.actions[0]


def test_a_monitor_of_two_tables_is_proposed_as_an_exact_diff(place):
    result, action = create(place, metric="psi", threshold=0.3, schedule="6h", columns=["TEMP"])
    assert (action.kind, action.target) == ("create_monitor", "monitor:summer-bikes")
    assert "+schedule: 6h" in action.preview.diff and "+- temp" in action.preview.diff
    assert "psi above 0.3" in result.headline
    assert not (place.project / "monitors").exists()


def test_once_approved_it_is_there_and_doing_it_twice_changes_nothing(place):
    _, action = create(place)
    for _ in range(2):
        outcome = carry_out(place, action)
    assert outcome.paths == ("monitors/summer-bikes.yaml",)
    (made,) = monitors.list_monitors(place.project)
    assert (made.reference, made.current, made.schedule) == ("raw/spring bikes.csv", "raw/summer bikes.csv", "daily")
    assert effect_of(action.kind).undo(outcome.undo, Place(place.project, "a1", "ana"))
    assert monitors.list_monitors(place.project) == []


def test_changing_keeps_what_was_not_mentioned(place):
    _, action = create(place, metric="psi", threshold=0.3, channel="slack")
    carry_out(place, action)
    result = monitor(schedule="30m", context=place)
    assert result.actions[0].kind == "change_monitor"
    assert result.actions[0].preview.diff.count("\n+") == 2  # the header and the one line
    carry_out(place, result.actions[0], "a2")
    (after,) = monitors.list_monitors(place.project)
    assert (after.schedule, after.channel, after.thresholds) == ("30m", "slack", {"psi": 0.3})
    result = monitor(threshold=0.1, context=place)
    assert result.data["monitor"]["thresholds"] == {"psi": 0.1}


def test_asking_for_what_is_so_already_proposes_nothing(place):
    carry_out(place, create(place, schedule="daily")[1])
    result = monitor(schedule="daily", context=place)
    assert result.actions == () and "already" in result.headline


def test_disabling_and_enabling(place):
    carry_out(place, create(place)[1])
    action = monitor(action="disable", context=place).actions[0]
    assert action.kind == "disable_monitor" and "+enabled: false" in action.preview.diff
    carry_out(place, action, "a2")
    assert not monitors.list_monitors(place.project)[0].enabled
    assert "disabled already" in monitor(action="disable", context=place).headline
    assert "+enabled: true" in monitor(action="enable", context=place).actions[0].preview.diff


def test_a_dry_run_proposes_nothing(place):
    result = monitor(reference="spring bikes.csv", current="summer bikes.csv", dry_run=True, context=place)
    assert result.actions == () and "proposed" in result.headline


def test_what_is_missing_is_asked(place):
    with pytest.raises(NeedsAnswer, match="which model, or which two tables"):
        monitor(context=place)
    with pytest.raises(NeedsAnswer, match="Name the current table"):
        monitor(reference="spring bikes.csv", context=place)
    with pytest.raises(NeedsAnswer, match="From which recall"):
        create(place, metric="recall")
    carry_out(place, create(place)[1])
    second = monitor(reference="spring bikes.csv", current="autumn bikes.csv", context=place)
    carry_out(place, second.actions[0], "a2")
    with pytest.raises(NeedsAnswer, match="Which monitor") as asked:
        monitor(schedule="daily", context=place)
    assert asked.value.choices == ("autumn-bikes", "summer-bikes")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"schedule": "now and then"}, "no schedule"),
        ({"metric": "luck", "threshold": 1}, "no metric"),
        ({"channel": "pigeon"}, "no channel"),
        ({"columns": ["wind"]}, "no column"),
        ({"kind": "mood"}, "no kind of check"),
        ({"action": "explode"}, "nothing a monitor can do"),
        ({"auto_retrain": True}, "no model to retrain"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(place, given, told):
    with pytest.raises(ToolError, match=told):
        create(place, **given)


def test_a_pattern_may_be_watched_but_never_outside_the_project(place):
    result = monitor(reference="spring bikes.csv", current="incoming/*.csv", context=place)
    assert result.data["monitor"]["current"] == "incoming/*.csv"
    with pytest.raises(ToolError, match="outside"):
        monitor(reference="spring bikes.csv", current="../*.csv", context=place)
    with pytest.raises(ToolError, match="There is no monitor"):
        monitor(action="disable", model="ghost", context=place)


def test_a_monitor_is_written_for_schedulers_that_are_there_already(place):
    import json

    import yaml

    carry_out(place, create(place, schedule="6h")[1])
    result = monitor(artifacts=["k8s", "airflow", "github", "grafana"], context=place)
    files = {f["path"]: f["content"] for f in result.actions[0].arguments["files"]}
    job = yaml.safe_load(files["deploy/monitors/summer-bikes-cronjob.yaml"])
    assert job["spec"]["schedule"] == "0 */6 * * *" and job["spec"]["concurrencyPolicy"] == "Forbid"
    dag = files["dags/opsmith_monitor_summer_bikes.py"]
    compile(dag, "dag.py", "exec")
    workflow = yaml.safe_load(files[".github/workflows/opsmith-monitor-summer-bikes.yml"])
    assert workflow["on"]["schedule"] == [{"cron": "0 */6 * * *"}]
    assert json.loads(files["grafana/opsmith-monitors.json"])["panels"]
    with pytest.raises(ToolError, match="cannot be written as 'jenkins'"):
        monitor(artifacts=["jenkins"], context=place)
    carry_out(place, monitor(schedule="7h", context=place).actions[0], "a2")
    with pytest.raises(ToolError, match="no cron line"):
        monitor(artifacts=["k8s"], context=place)


def test_a_model_is_watched_by_its_name_alone(place, tmp_path_factory):
    from opsmith.evals import stubs
    from opsmith.evals.case import ModelFixture

    rows = "".join(f"{i},{i % 7},{i % 2}\n" for i in range(100))
    (place.project / "rides.csv").write_text("temp,hum,late\n" + rows)
    fixture = ModelFixture(trained_on="rides.csv", target="late", version=1, previous=None, metrics={"accuracy": 0.9})
    stubs.register(place.project, "late_model", fixture, tmp_path_factory.mktemp("stubs"))
    result = monitor(model="late_model", threshold=0.8, kind="performance", auto_retrain=True, context=place)
    made = result.data["monitor"]
    assert (made["thresholds"], made["checks"], made["on_breach"]) == (
        {"accuracy": 0.8},
        ("performance",),
        "propose_retraining",
    )
    assert "no prediction log yet" in result.headline
    assert monitor(schedule="weekly", context=place).data["monitor"]["model"] == "late_model"  # the only candidate
    with pytest.raises(ToolError, match="Nearest"):
        monitor(model="late_mdel", context=place)
