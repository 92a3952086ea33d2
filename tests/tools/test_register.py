"""Model files from elsewhere: ONNX and skops are taken, a pickle only after a warning, and one that does harm does nothing."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data import registry
from opsmith.tools.predict import predict
from opsmith.tools.register import register
from opsmith.tools.retrain import retrain

from .modelling import carry_out, customers, prices


class Bomb:
    """A pickle that writes a file when it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.path, "boom"))


@pytest.fixture
def place(project: Path) -> Context:
    prices().to_csv(project / "flats.csv", index=False)
    customers().to_csv(project / "customers.csv", index=False)
    return Context(project)


def linear() -> Any:
    known = prices()
    return make_pipeline(StandardScaler(), LinearRegression()).fit(known[["size", "floor"]], known["price"])


def onnx_bytes() -> bytes:
    """A model of two classes with one named input a column, as skl2onnx writes it from a data frame."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.compose import ColumnTransformer

    known = customers()
    both = ColumnTransformer([("n", StandardScaler(), ["fee", "customer_id"])])
    made = make_pipeline(both, LogisticRegression()).fit(known[["fee", "customer_id"]], known["left"])
    kinds = [("fee", FloatTensorType([None, 1])), ("customer_id", FloatTensorType([None, 1]))]
    return to_onnx(made, initial_types=kinds, options={"zipmap": False}, target_opset=17).SerializeToString()


def test_an_onnx_file_is_registered_measured_and_predicts(place: Context) -> None:
    (place.project / "leavers.onnx").write_bytes(onnx_bytes())
    shown = register("leavers.onnx", "left", "customers.csv", "leave_model", context=place)
    assert not (place.project / "models").exists() and shown.data["format"] == "onnx"
    carry_out(place.project, shown.actions[0])
    card = registry.get(place.project, "leave_model")
    assert card.file["format"] == "onnx" and card.aliases == ["champion"] and card.approved_by == "ada"
    assert 0.6 < card.metrics["auc"]["value"] < 1 and "may have been trained on" in card.metrics["auc"]["on"]
    assert [s["column"] for s in card.signature] == ["fee", "customer_id"]
    said = predict("leave_model", values="fee=95, customer_id=1100", context=place)
    assert said.data["prediction"] == "yes" and said.data["score"] > 0.5
    customers(40, seed=3).drop(columns="left").to_csv(place.project / "new.csv", index=False)
    assert predict("leave_model", "new.csv", dry_run=True, context=place).data["rows"] == 40


def test_a_skops_file_keeps_the_order_of_its_inputs(place: Context) -> None:
    skops.io.dump(linear(), place.project / "flats.skops")
    carry_out(place.project, register("flats.skops", "price", "flats.csv", context=place).actions[0])
    card = registry.get(place.project, "price_model")
    assert card.metrics["r2"]["value"] > 0.95 and card.recipe["imported"] == "flats.skops"
    row = predict("price_model", values="floor=3, size=50", context=place)
    assert abs(row.data["prediction"] - 165) < 15
    compared = retrain("price_model", "flats.csv", action="compare", context=place)
    assert "one version only" in compared.headline


def test_a_pickle_is_only_read_after_a_yes_to_its_risk(place: Context) -> None:
    known = customers()
    made = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(
        known[["plan", "region"]], known["left"]
    )
    joblib.dump(made, place.project / "old.joblib")
    shown = register("old.joblib", "left", "customers.csv", "old_model", context=place)
    assert "can run any code" in shown.findings[0].message and shown.findings[0].severity == "critical"
    assert shown.actions[0].risk == "high" and "can run code" in shown.actions[0].preview.summary
    assert any("WARNING" in note and "your rights" in note for note in shown.actions[0].preview.notes)
    carry_out(place.project, shown.actions[0])
    card = registry.get(place.project, "old_model")
    assert card.file["format"] == "skops" and card.classes == ["no", "yes"]
    assert predict("old_model", values="plan=month, region=west", context=place).data["prediction"] == "yes"
    (place.project / "plain.pkl").write_bytes(pickle.dumps(linear()))
    carry_out(place.project, register("plain.pkl", "price", "flats.csv", context=place).actions[0], "a2")
    assert registry.get(place.project, "price_model").metrics["r2"]["value"] > 0.95


@pytest.mark.parametrize("ending", ["pkl", "joblib"])
def test_a_malicious_pickle_does_nothing_even_after_a_yes(place: Context, ending: str) -> None:
    marker = place.project / "boom.txt"
    bomb = place.project / f"model.{ending}"
    if ending == "pkl":
        bomb.write_bytes(pickle.dumps(Bomb(marker)))
    else:  # hidden in an array of objects, which joblib keeps as a pickle within the pickle
        joblib.dump({"levels": np.array([Bomb(marker), "b"], dtype=object)}, bomb)
    shown = register(f"model.{ending}", "left", "customers.csv", "bad_model", context=place)
    assert not marker.exists()
    with pytest.raises(ToolError, match="which is no part of a model"):
        carry_out(place.project, shown.actions[0])
    assert not marker.exists() and registry.versions(place.project, "bad_model") == []


def test_a_pickle_from_a_chat_is_never_loaded(place: Context) -> None:
    inbox = place.project / "inbox"
    inbox.mkdir()
    (inbox / "gift.pkl").write_bytes(pickle.dumps(linear()))
    with pytest.raises(ToolError, match="never loaded"):
        register("inbox/gift.pkl", "price", "flats.csv", context=place)
    (place.project / "mine.pkl").write_bytes((inbox / "gift.pkl").read_bytes())
    with pytest.raises(ToolError, match="never loaded"):
        register("mine.pkl", "price", "flats.csv", context=place)


def test_what_does_not_fit_is_said_in_a_sentence(place: Context) -> None:
    skops.io.dump(linear(), place.project / "flats.skops")
    for arguments, told in (
        (("gone.onnx", "price", "flats.csv"), "no file gone.onnx"),
        (("flats.csv", "price", "flats.csv"), "no model file"),
        (("flats.skops", "left", "customers.csv"), "takes size, floor, which the table lacks"),
    ):
        with pytest.raises(ToolError, match=told):
            carry_out(place.project, register(*arguments, context=place).actions[0])
    (place.project / "broken.onnx").write_bytes(b"no model at all")
    with pytest.raises(ToolError, match=r"broken.onnx is no ONNX model that runs here"):
        carry_out(place.project, register("broken.onnx", "price", "flats.csv", context=place).actions[0])
    with pytest.raises(NeedsAnswer, match="On which table"):
        register("flats.skops", context=place)
    with pytest.raises(NeedsAnswer, match="Which column"):
        register("flats.skops", dataset="flats.csv", context=place)


def test_a_file_exchanged_after_the_preview_is_not_taken(place: Context) -> None:
    skops.io.dump(linear(), place.project / "flats.skops")
    action = register("flats.skops", "price", "flats.csv", context=place).actions[0]
    known = prices(seed=4)
    skops.io.dump(LinearRegression().fit(known[["size"]], known["price"]), place.project / "flats.skops")
    with pytest.raises(ToolError, match="changed after the preview"):
        carry_out(place.project, action)
