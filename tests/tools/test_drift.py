"""The drift tool: verdicts on real data with known changes, and clear sentences for everything that is not comparable."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.drift import drift

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def place(tmp_path):
    for file in DATA.glob("drift_*"):
        shutil.copy(file, tmp_path / file.name.removeprefix("drift_"))
    return Context(project=tmp_path)


def test_electricity_asks_for_action_and_names_what_began_to_vary(place):
    found = drift(
        reference="electricity.csv.gz[0:2178]", current="electricity.csv.gz[2178:]", target="class", context=place
    )
    assert found.data["verdict"] == "act"
    moved = {c["name"]: c["size"] for c in found.data["columns"] if c["drifted"]}
    assert {"vicprice", "vicdemand", "transfer", "nswprice"} <= {n for n, size in moved.items() if size == "large"}
    assert "period" not in moved
    assert found.data["performance"]["relation"]["changed"]
    assert "relation to the target changed" in found.headline and "etrain" in found.data["advice"]
    assert (place.project / found.files[0]).read_text().startswith("<!doctype html>")


def test_the_second_half_of_the_car_loans_drifts_and_the_first_does_not(place):
    first = drift(reference="car_loan_reference.csv.gz", current="car_loan_current.csv.gz[0:1667]", context=place)
    second = drift(reference="car_loan_reference.csv.gz", current="car_loan_current.csv.gz[1667:]", context=place)
    whole = drift(reference="car_loan_reference.csv.gz", current="car_loan_current.csv.gz", context=place)
    assert first.data["verdict"] == "none" and first.data["advice"] == "Nothing to do."
    assert second.data["verdict"] == whole.data["verdict"] == "act"
    assert whole.data["columns"][0]["name"] == "car_value"
    assert whole.data["turned"].startswith("2019-03") or whole.data["turned"].startswith("2019-04-0")
    assert "y_pred_proba" in whole.data["prediction"]


def test_census_data_without_drift_gives_no_alarm(place):
    found = drift(
        reference="employment_reference.parquet", current="employment_current.parquet", target="employed", context=place
    )
    assert found.data["verdict"] == "none"
    assert found.notes == () and "watch" in found.next_steps[-1]


def test_outcomes_in_a_file_of_their_own_are_joined_by_their_id(place):
    found = drift(
        reference="car_loan_reference.csv.gz", dataset="car_loan_current.csv.gz", current="car_loan_outcomes.csv.gz",
        target="repaid", kind="performance", context=place,
    )  # fmt: skip
    now = found.data["performance"]["realised"]["accuracy"]
    assert 0.9 < now["value"] < 0.95 and now["rows"] == 3334
    assert "contribution" not in found.data["performance"]


def test_performance_is_estimated_while_outcomes_are_out(place):
    found = drift(
        reference="car_loan_reference.csv.gz", current="car_loan_current.csv.gz", target="repaid", context=place
    )
    joined = drift(
        reference="car_loan_reference.csv.gz", dataset="car_loan_current.csv.gz", current="car_loan_outcomes.csv.gz",
        target="repaid", kind="performance", context=place,
    )  # fmt: skip
    estimated = found.data["performance"]["estimated"]
    for metric in ("accuracy", "auc", "f1"):
        low, high = estimated[metric]["interval"]
        assert low <= joined.data["performance"]["realised"][metric]["value"] <= high


def frame(rows=400, seed=0, **more):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"a": rng.normal(size=rows), "b": rng.integers(0, 5, rows), "c": rng.choice(list("xyz"), rows)} | more
    )


def written(context, **tables):
    for name, table in tables.items():
        table.to_csv(context.project / f"{name}.csv", index=False)
    return {"reference": "before.csv", "current": "now.csv"}


def test_columns_in_another_order_and_spelling_are_the_same_columns(place):
    now = frame(seed=1)[["c", "b", "a"]].rename(columns={"a": "A"})
    found = drift(**written(place, before=frame(), now=now), context=place)
    assert found.data["verdict"] == "none"
    assert any("a is taken to be A" in f.message for f in found.findings)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.drop(columns=["a", "b"]), "lacks a, b"),
        (lambda d: d.assign(a="text"), "was a number and is text now"),
        (lambda d: d.assign(a=d.a.where(d.index % 2 == 0)), "missing 0.0% -> 50.0%"),
        (lambda d: d.assign(a=d.a * 12 + 0.0), "another unit"),
        (lambda d: d.assign(c="new"), "new values such as new"),
        (lambda d: d.assign(a=None), "missing 0.0% -> 100.0%"),
    ],
)
def test_faults_of_a_pipeline_are_named(place, change, told):
    wide = frame(rows=2000)
    wide["a"] = wide.a.abs() + 18
    now = frame(rows=2000, seed=1)
    now["a"] = now.a.abs() + 18
    found = drift(**written(place, before=wide, now=change(now)), context=place)
    assert found.data["verdict"] == "act"
    assert any(told in f.message for f in found.findings), [f.message for f in found.findings]


def test_a_changed_dependence_is_found_and_the_pair_named(place):
    rng = np.random.default_rng(3)
    x, e = rng.normal(size=(2, 3000))
    y, f = rng.normal(size=(2, 3000))
    before = pd.DataFrame({"x": x, "y": 0.95 * x + np.sqrt(1 - 0.95**2) * e})
    now = pd.DataFrame({"x": y, "y": 0.6 * y + 0.8 * f})
    found = drift(**written(place, before=before, now=now), context=place)
    assert found.data["verdict"] == "watch"
    assert found.data["multivariate"]["pairs"][0]["columns"] == ["x", "y"]
    assert not any(c["drifted"] for c in found.data["columns"])


def test_text_that_speaks_of_other_things_is_found(place):
    rng = np.random.default_rng(5)
    old, new = ["claim", "driver", "policy", "storm", "house", "garage"], ["drone", "crypto", "outage", "voucher"]
    before = [f"{' '.join(rng.choice(old, 6))} no {i}" for i in range(600)]
    now = [f"{' '.join(rng.choice(old + new, 6))} no {i}" for i in range(600)]
    found = drift(
        **written(place, before=pd.DataFrame({"note": before}), now=pd.DataFrame({"note": now})), context=place
    )
    assert found.data["columns"][0]["kind"] == "text" and found.data["columns"][0]["drifted"]
    rose = next(f.message for f in found.findings if f.id == "words-note")
    assert any(word in rose.split("that fell")[0] for word in new)


def test_a_threshold_of_ones_own_decides(place):
    tables = written(place, before=frame(2000), now=frame(2000, 1).assign(b=lambda d: d.b + 1))
    assert drift(**tables, metric="psi", threshold=50, context=place).data["verdict"] == "none"
    strict = drift(**tables, metric="ks", threshold=0.05, columns=["b"], context=place)
    assert strict.data["verdict"] == "act" and "over 0.05" in strict.headline
    assert [c["name"] for c in strict.data["columns"]] == ["b"]
    assert drift(**tables, exclude=["b"], context=place).data["verdict"] == "none"


def test_an_empty_window_one_row_and_constant_columns_get_clear_answers(place):
    tables = written(place, before=frame().assign(k=7), now=frame(seed=1).assign(k=7))
    assert drift(**tables, context=place).data["verdict"] == "none"
    with pytest.raises(ToolError, match="has no rows"):
        drift(reference="before.csv", current="now.csv[0:0]", context=place)
    with pytest.raises(ToolError, match="has no rows"):
        drift(reference="before.csv[b=99]", current="now.csv", context=place)
    assert drift(reference="before.csv", current="now.csv[0:1]", context=place).data["verdict"] == "none"
    assert drift(reference="before.csv[0:1]", current="now.csv[0:1]", context=place).data["verdict"] == "none"
    assert drift(reference="before.csv", current="before.csv", context=place).data["verdict"] == "none"


def test_nothing_in_common_and_bad_requests_are_one_sentence(place):
    tables = written(place, before=frame(), now=frame().rename(columns={"a": "p", "b": "q", "c": "r"}))
    with pytest.raises(ToolError, match="no column in common"):
        drift(**tables, context=place)
    for given, told in [
        ({"kind": "mood"}, "no kind of drift"), ({"metric": "luck"}, "no metric"), ({"columns": ["zz"]}, "no column 'zz'"),
        ({"current": "now.csv[blue]"}, "is not understood"), ({"current": "now.csv[2024-01-01:]"}, "no date column"),
        ({"output": "report.pdf"}, "as .html or .json"),
    ]:  # fmt: skip
        with pytest.raises(ToolError, match=told):
            drift(**{**tables, "current": "before.csv", **given}, context=place)


def test_what_is_not_named_is_asked(place):
    with pytest.raises(NeedsAnswer, match="Which two tables"):
        drift(context=place)
    with pytest.raises(NeedsAnswer, match="compared with") as asked:
        drift(current="car_loan_current.csv.gz", context=place)
    assert "car_loan_reference.csv.gz" in asked.value.choices


def test_nasty_names_and_values_pass_through_every_view(place):
    nasty = {'a "b"; DROP': "<script>alert(1)</script>", "select\nfrom": "x'y", "größe [m]": "ü", "": "e"}
    rng = np.random.default_rng(0)
    before = pd.DataFrame({name: rng.choice([value, "other", None], 300) for name, value in nasty.items() if name})
    now = before.sample(300, replace=True, random_state=1).assign(**{'a "b"; DROP': "</td>gone"})
    before.to_parquet(place.project / "be fore.parquet", index=False)
    now.to_parquet(place.project / "no'w.parquet", index=False)
    found = drift(reference="be fore.parquet", current="no'w.parquet", output="out/r.html", context=place)
    assert found.data["columns"][0]["name"] == 'a "b"; DROP'
    page = (place.project / found.files[0]).read_text()
    assert "<script>" not in page and "</td>gone" not in page
    assert found.actions[0].kind == "write_files"
    again = drift(reference="be fore.parquet", current="no'w.parquet", output="r.json", dry_run=True, context=place)
    assert again.actions == () and again.data["verdict"] == found.data["verdict"]


def test_the_same_request_gives_the_same_answer_and_the_kept_reference_follows_the_file(place):
    tables = written(place, before=frame(1000), now=frame(1000, 1))
    first, second = drift(**tables, context=place), drift(**tables, context=place)
    assert first.data == second.data
    written(place, before=frame(1000).assign(a=100.0))
    assert drift(**tables, context=place).data["verdict"] == "act"


def test_a_registered_model_brings_its_reference_its_columns_and_its_scores(place, tmp_path_factory):
    from opsmith.evals import stubs
    from opsmith.evals.case import ModelFixture

    rng = np.random.default_rng(0)
    before = frame(800).assign(left=lambda d: (d.a + rng.normal(size=800) > 0).astype(int))
    now = frame(400, 1).assign(a=lambda d: d.a + 2, left=lambda d: (d.a < 0).astype(int))
    written(place, train=before, now=now, actuals=pd.DataFrame({"predicted": now.a * 10, "left": now.left}))
    fixture = ModelFixture(trained_on="train.csv", target="left", version=2, previous=1, metrics={"auc": 0.9})
    stubs.register(place.project, "leavers", fixture, tmp_path_factory.mktemp("stubs"))
    found = drift(model="leavers", current="now.csv", context=place)
    assert found.data["verdict"] == "act" and found.data["reference"] == "train.csv"
    assert next(iter(found.data["prediction"]["from"])) == "a"
    assert found.data["performance"]["realised"]["auc"]["value"] < 0.9
    assert found.next_steps[0] == "retrain leavers with now.csv"
    ranked = drift(model="leavers", current="actuals.csv", kind="performance", context=place)
    assert set(ranked.data["performance"]["realised"]) == {"auc"} and "auc" in ranked.headline
    with pytest.raises(NeedsAnswer, match="no prediction log yet"):
        drift(model="leavers", context=place)
    with pytest.raises(ToolError, match="Nearest: leavers"):
        drift(model="leaver", current="now.csv", context=place)


def verdicts_of_splits(place, seeds):
    """How often two random halves of the census table are told apart, by verdict."""
    whole = pd.read_parquet(DATA / "drift_employment_reference.parquet").drop(columns=["id", "year"])
    found = Counter()
    for seed in seeds:
        mixed = whole.sample(frac=1, random_state=seed)
        mixed.iloc[: len(mixed) // 2].to_parquet(place.project / "one.parquet", index=False)
        mixed.iloc[len(mixed) // 2 :].to_parquet(place.project / "two.parquet", index=False)
        found[drift(reference="one.parquet", current="two.parquet", context=place).data["verdict"]] += 1
    return found


@pytest.mark.slow
def test_random_splits_of_one_table_raise_no_alarm(place):
    found = verdicts_of_splits(place, range(40))
    assert found["act"] == 0 and found["watch"] <= 1


@pytest.mark.long
def test_two_hundred_random_splits_of_one_table_raise_no_alarm(place):
    found = verdicts_of_splits(place, range(200))
    assert found["act"] <= 2 and found["watch"] <= 4


def test_asked_for_performance_without_outcomes_it_estimates(place):
    found = drift(
        reference="car_loan_reference.csv.gz", current="car_loan_current.csv.gz", target="repaid", kind="performance",
        context=place,
    )  # fmt: skip
    assert set(found.data["performance"]) >= {"estimated", "reference"} and "realised" not in found.data["performance"]
    assert "estimated" in found.headline


@pytest.mark.slow
def test_the_verdict_turns_soon_after_the_known_changes_of_the_full_sets(place, shared_data):
    for name in ("electricity_nsw.csv.gz", "car_loan_reference.csv", "car_loan_current.csv"):
        shutil.copy(shared_data / "drift" / name, place.project / name)

    def verdict(before, now, **given):
        found = drift(before, now, kind="data", context=place, **given).data
        return found["verdict"], {c["name"] for c in found["columns"] if c["size"] == "large"}

    only = {"columns": ["vicprice", "vicdemand", "transfer"]}  # what also follows the season is left out
    market = "electricity_nsw.csv.gz[0:17424]"
    assert verdict(market, "electricity_nsw.csv.gz[17088:17424]", **only)[0] == "none"
    assert verdict(market, "electricity_nsw.csv.gz[17136:17472]", **only) == (
        "act",
        set(only["columns"]),
    )  # a day later
    assert verdict("car_loan_reference.csv", "car_loan_current.csv[4000:5000]")[0] == "none"
    said, moved = verdict("car_loan_reference.csv", "car_loan_current.csv[4300:5300]")  # 300 rows later
    assert said == "act" and "car_value" in moved
