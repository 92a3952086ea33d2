"""Wordings of one wish that people really use, and the arguments they must give: numbers in names, tongues, takings back."""

from __future__ import annotations

import pytest

from .said import call, shop

RUNS = shop(files=("plates/run_07.csv", "plates/run_08.csv", "orders.csv"))


@pytest.mark.parametrize(
    "said", ["overview of run 8", "QC on run 8", "wie sieht run 08 aus", "quality of the newer run file"]
)
def test_a_word_and_its_number_name_a_file(said: str) -> None:
    tool, given = call(said, catalogue=RUNS)
    assert (tool, given["dataset"]) == ("profile", "plates/run_08.csv")


def test_years_in_names_are_no_limits() -> None:
    there = shop(files=("claims_2022.csv", "claims_2023.csv"))
    tool, given = call("psi 2022 vs 2023", catalogue=there)
    assert tool == "drift" and "threshold" not in given
    assert (given["reference"], given["current"]) == ("claims_2022.csv", "claims_2023.csv")


@pytest.mark.parametrize(
    ("said", "dry"),
    [
        ("show what outlier removal on age in customers.csv would do, but change nothing", True),
        ("age of customers.csv: clip outliers, don't touch anything else", None),
        ("impute age in customers.csv, leave everything unchanged for now", True),
    ],
)
def test_nothing_is_written_only_where_that_is_said(said: str, dry: bool | None) -> None:
    tool, given = call(said)
    assert tool == "clean" and given.get("dry_run") is dry


@pytest.mark.parametrize(
    ("said", "agg", "columns"),
    [
        ("höchste monthly fee in customers.csv", "max", ["monthly fee"]),
        ("mittlere age je region in customers.csv", "mean", ["age", "region"]),
        ("quelles region y a-t-il dans customers.csv", "unique", ["region"]),
        ("show me the regions in customers.csv with their counts", "count", ["region"]),
        ("different regions in customers.csv", "unique", ["region"]),
        ("what monthly fee do 95 percent of the customers stay under in customers.csv", "quantile", ["monthly fee"]),
    ],
)
def test_the_figure_that_is_asked_for(said: str, agg: str, columns: list[str]) -> None:
    tool, given = call(said)
    assert (tool, given["agg"], given["columns"]) == ("query", agg, columns)


@pytest.mark.parametrize(
    ("said", "given"),
    [
        (
            "k8s + hpa for churn_model, 2-10 replicas",
            {"artifacts": ["k8s", "hpa"], "min_replicas": 2, "max_replicas": 10},
        ),
        ("kubernetes hpa 3 to 12 for churn_model", {"artifacts": ["hpa"], "min_replicas": 3}),
        ("despliega churn_model en nuestros servidores, 3 copias", {"environment": "on_prem", "replicas": 3}),
        ("churn_model has to run on the controller inside the machine", {"environment": "edge"}),
    ],
)
def test_where_and_what_is_deployed(said: str, given: dict[str, object]) -> None:
    tool, made = call(said)
    assert tool == "deploy" and {k: made.get(k) for k in given} == given


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("page me on slack if the auc of churn_model < 0.7", {"channel": "slack", "threshold": 0.7}),
        ("schalte die überwachung von churn_model ab", {"action": "disable"}),
        ("para la vigilancia de churn_model", {"action": "disable"}),
    ],
)
def test_how_a_watch_is_told(said: str, given: dict[str, object]) -> None:
    tool, made = call(said)
    assert tool == "monitor" and {k: made.get(k) for k in given} == given


@pytest.mark.parametrize(
    "said",
    ["compara customers.csv con june.csv", "compare customers.csv et june.csv", "compare customers.csv with june.csv"],
)
def test_a_comparison_is_no_watch(said: str) -> None:
    assert call(said)[0] == "drift"


def test_a_column_that_is_not_there_is_asked_about() -> None:
    tool, given = call("impute premium in customers.csv")
    assert tool == "ask" and "premium" in given["question"]


def test_a_column_called_like_a_part_of_a_model_stays_a_column() -> None:
    there = shop(models=[{**shop()["models"][0], "name": "churned_gb"}])
    tool, given = call("train a model for churned on june.csv", catalogue=there)
    assert (tool, given.get("target")) == ("train", "churned")


def _waiting(**arguments: object) -> dict[str, object]:
    return {
        "id": "p1",
        "kind": "write_files",
        "summary": "clean",
        "tool": "clean",
        "arguments": {"dataset": "customers.csv", **arguments},
    }


def test_a_step_is_taken_back_and_not_a_memory() -> None:
    there = shop(pending=[_waiting(operations=["dedupe", "impute"])])
    tool, given = call("forget about the dedupe step", catalogue=there)
    assert (tool, given["operations"]) == ("clean", ["impute"])


def test_the_tag_of_an_image_is_no_version() -> None:
    tool, given = call("build the churn_model image with tag v2")
    assert (tool, given.get("tag"), given.get("version")) == ("build", "v2", None)


@pytest.mark.parametrize(
    ("said", "name"),
    [("profile shop:orders", "shop:orders"), ("profile sales/", "sales/"), ("overview of sales/ please", "sales/")],
)
def test_folders_and_tables_of_a_named_database_are_data_sets(said: str, name: str) -> None:
    there = shop(files=("sales/jan.csv", "sales/feb.csv", "customers.csv"))
    assert call(said, catalogue=there)[1]["dataset"] == name
