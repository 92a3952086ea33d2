"""A model that begins with a feature set is served: features as plain Python, the rest as skops, answers as the whole gives."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from opsmith.tools.compute.deployment import export, export_features
from opsmith.tools.compute.deployment.service import service_files
from opsmith.tools.compute.features.transformer import FeatureTransformer
from opsmith.tools.compute.training_steps import Shaped
from opsmith.tools.data import registry
from tests.tools.modelling import customers
from tests.tools.templates.service.running import Service

FORMULAS = [["fee_log", "log(fee)"], ["plan_rate", "target_mean(plan)"]]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with a registered pipeline of features, shapes, columns and a model; the pipeline itself."""
    project = tmp_path_factory.mktemp("features")
    table = customers()
    table.to_csv(project / "customers.csv", index=False)
    kinds = {"fee": "number", "plan": "category", "region": "category"}
    numeric = ["fee", *[name for name, _ in FORMULAS]]
    columns = make_column_transformer(
        (StandardScaler(), numeric), (OneHotEncoder(handle_unknown="ignore"), ["plan", "region"])
    )
    steps = [("features", FeatureTransformer(FORMULAS, kinds, "binary")), ("shape", Shaped(numeric, ["plan", "region"], [])),
             ("columns", columns), ("model", LogisticRegression())]  # fmt: skip
    pipeline = Pipeline(steps).fit(table[list(kinds)], table["left"])
    file = project / "model.skops"
    skops.io.dump(pipeline, file)
    signature = [{"column": c, "kind": "number" if k == "number" else "category", "nullable": False,
                  **({} if k == "number" else {"levels": sorted(table[c].unique())})} for c, k in kinds.items()]  # fmt: skip
    fields = {"name": "m", "version": 1, "task": "classification", "target": "left", "signature": signature,
              "metrics": {"auc": 0.8}, "classes": ["no", "yes"],
              "data": {"path": "customers.csv", "rows": len(table), "columns": list(table.columns)}}  # fmt: skip
    registry.register(project, fields, file, "test-features")
    return project, pipeline, table[list(kinds)]


def test_the_parts_answer_like_the_whole(made):
    _, pipeline, rows = made
    parts = export_features.parted(pipeline, rows, "the model")
    prepared = export_features.prepared(rows, parts)
    assert "opsmith" not in parts.modules["features.py"] and list(prepared)[:1] == ["fee"]
    assert np.allclose(parts.rest.predict_proba(prepared), pipeline.predict_proba(rows))
    assert export_features.parted(Pipeline(pipeline.steps[2:]), rows, "x") is None


@pytest.mark.slow
def test_the_service_answers_like_the_model(made, tmp_path):
    project, pipeline, rows = made
    card = registry.get(project, "m")
    assert export.exported(card, project).format == "skops" and export.exported(card, project).modules
    for name, content in service_files(card, SimpleNamespace(port=8080, image_reference="m:v1"), project).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    asked = export.as_json_rows(rows.head(20))
    with Service(tmp_path) as service:
        status, body, _ = service.post("/predict", {"rows": asked})
    assert status == 200
    assert [p["prediction"] for p in body["predictions"]] == pipeline.predict(rows.head(20)).tolist()
    scores = pipeline.predict_proba(rows.head(20))[:, 1]
    assert [p["score"] for p in body["predictions"]] == pytest.approx(scores.tolist(), abs=1e-9)


def test_shapes_in_the_service_are_those_of_training():
    from opsmith.tools.compute.training import shaped as of_training
    from opsmith.tools.templates.service.model import shaped

    rows = pd.DataFrame({"a": ["1", None, "x"], "b": [1.0, 2.5, None], "c": ["t", None, "u"], "d": [True, False, None]})
    lists = {"numeric": ["a"], "categories": ["b", "d"], "texts": ["c"]}
    pd.testing.assert_frame_equal(shaped(rows, lists), of_training(rows, *lists.values()))
