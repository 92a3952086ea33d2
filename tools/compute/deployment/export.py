"""A registered model as a file that the service may load: ONNX when it answers like the model, skops otherwise.

The check decides, not the format: up to 500 rows of the data it was trained on (or rows made up from its signature when
that is gone), with gaps and unseen values put in, go through both; labels must be the same in every row and the
probabilities (or quantities, in standard deviations) within TOLERANCE. A pickle is neither read nor written.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.tools.compute.deployment import export_features
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.registry import ModelCard

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TOLERANCE = 1e-4  # of a probability; of a quantity, in standard deviations of the predictions
MOST_ROWS = 500
OPSET = {"": 21, "ai.onnx.ml": 3}
# Texts as they may come later: other cases, and letters outside ASCII within, between and instead of words.
STRANGER = (
    str.upper,
    lambda t: t.replace(" ", "é"),
    lambda t: t.replace("a", "ä").title(),
    lambda t: t[::2] + " Ünïcode ЖУК 中文 ١٢",
)
FORMAT_VERSION = 2  # raise it when an export must be made anew


@dataclass(frozen=True)
class Exported:
    """The file and what is known of it. check: rows, largest difference, labels that differ, tolerance, on."""

    format: str  # onnx or skops
    content: bytes
    trusted: tuple[str, ...]  # types that the service may build from a skops file
    check: Mapping[str, Any]
    reason: str  # why this format, in a sentence
    classes: tuple[Any, ...]  # as the model says them; empty for quantities
    modules: Mapping[str, str] = field(default_factory=dict)  # sources in service/ of a model's own first steps
    shape: Mapping[str, Any] = field(default_factory=dict)  # the columns after them, by kind

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.content).hexdigest()


def exported(card: ModelCard, project: Path) -> Exported:
    """The model of a card as the service takes it; made once and kept under .opsmith/exports.

    Raises ToolError when the model cannot be loaded or the `ml` extra is not installed.
    """
    key = hashlib.sha256(f"{FORMAT_VERSION} {card.file.get('sha256')} {card.signature}".encode()).hexdigest()[:24]
    folder = project / ".opsmith" / "exports" / key
    try:
        facts = json.loads((folder / "export.json").read_text())
        return Exported(
            content=(folder / "model").read_bytes(), **{**facts, **{k: tuple(facts[k]) for k in ("trusted", "classes")}}
        )
    except (OSError, ValueError, TypeError):
        made = _export(card, project)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model").write_bytes(made.content)
    part = folder / "export.json.part"
    facts = {
        "format": made.format,
        "trusted": made.trusted,
        "check": made.check,
        "reason": made.reason,
        "classes": made.classes,
        "modules": dict(made.modules),
        "shape": dict(made.shape),
    }
    part.write_text(json.dumps(facts))
    part.replace(folder / "export.json")
    return made


def sample_rows(card: ModelCard, project: Path, rows: int = MOST_ROWS, seed: int = 0) -> tuple[pd.DataFrame, str]:
    """Rows to ask the model with, shaped for its pipeline, and where they come from."""
    from opsmith.tools.compute.training import inputs_of
    from opsmith.tools.compute.training_run import card_plan
    from opsmith.tools.data.table import open_table

    plan = card_plan(card)
    path = str(card.data.get("path") or "")
    names = [str(s["column"]) for s in card.signature]
    if path and (project / path).is_file():
        try:
            table = open_table(Context(project), path)
        except ToolError:
            table = None
        if table is not None:
            try:
                frame = table.pandas(sample=rows, seed=seed) if table.rows > rows else table.pandas()
            finally:
                table.close()
            if set(names) <= set(frame.columns) and len(frame):
                return inputs_of(frame.reset_index(drop=True), plan), f"rows of {path}"
    return inputs_of(_made_up(card, rows, seed), plan), "rows made up from the signature"


def answers_of(pipeline: Any, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
    """What the model itself says: labels or quantities, and probabilities where it has them."""
    import numpy as np

    said = np.asarray(pipeline.predict(frame))
    return said, np.asarray(pipeline.predict_proba(frame)) if hasattr(pipeline, "predict_proba") else None


def as_json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as a client would send them: null where a value is missing."""
    import pandas as pd

    kinds = {c: pd.api.types.is_numeric_dtype(frame[c]) for c in frame.columns}
    return [
        {c: None if pd.isna(v) else float(v) if kinds[c] else str(v) for c, v in zip(frame.columns, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def _export(card: ModelCard, project: Path) -> Exported:
    try:
        import numpy as np
        import skops.io
    except ImportError:
        raise ToolError("Writing a service needs the ml extra: pip install 'opsmith[ml]'.") from None
    pipeline = registry.load(card)
    own = card.model_file.suffix == ".skops"  # else an ONNX file from elsewhere, which is served as it is
    found = skops.io.get_untrusted_types(file=card.model_file) if own else ()
    trusted = tuple(sorted(set(found) & set(registry.TRUSTED)))
    frame, told = sample_rows(card, project)
    parts = export_features.parted(pipeline, frame, f"{card.name} version {card.version}")
    if parts is None:
        _refuse_own_steps(card, trusted)
    asked = _with_surprises(frame, card, raw=parts is not None)
    classes = tuple(getattr(pipeline, "classes_", np.empty(0)).tolist())
    if parts is not None:
        return _with_first_steps(card, pipeline, parts, asked, told, classes)
    content, check, why = _onnx(card, pipeline, asked)
    if content is not None:
        return Exported("onnx", content, (), {**check, "on": told}, f"ONNX: {why}", classes)
    if not own:
        raise ToolError(f"{card.name} version {card.version} cannot be served as it was registered: {why}.")
    foreign = sorted({t.split(".")[0] for t in trusted} & {"lightgbm", "xgboost"})
    if foreign:
        raise ToolError(
            f"{card.name} version {card.version} needs {foreign[0]}, which a service runs as ONNX only, and {why}. Install "
            "onnxmltools (pip install 'opsmith[boosting]'), or train it with gradient_boosting, the same method."
        )
    facts = {"rows": len(asked), "difference": 0.0, "labels_differ": 0, "tolerance": TOLERANCE, "on": told}
    return Exported(
        "skops", card.model_file.read_bytes(), trusted, facts, f"skops, the registered file itself: {why}", classes
    )


def _with_first_steps(
    card: ModelCard, pipeline: Any, parts: Any, asked: pd.DataFrame, told: str, classes: tuple[Any, ...]
) -> Exported:
    """Recipe and features as plain Python and the rest as skops, when they answer like the whole, row by row as they are sent."""
    import numpy as np
    import skops.io

    from opsmith.tools.templates.service.model import framed
    from opsmith.tools.templates.service.signature import Signature

    name = f"{card.name} version {card.version}"
    content = skops.io.dumps(parts.rest)
    types = skops.io.get_untrusted_types(data=content)
    strange = sorted(t for t in types if t not in registry.TRUSTED or t.startswith("opsmith.") or ".Booster" in t)
    if strange:
        raise ToolError(
            f"{name} begins with steps of its own and needs {strange[0]}, which a service of its own cannot run. Train it with "
            "gradient_boosting or logistic_regression."
        )
    rest = skops.io.loads(content, trusted=sorted(types))
    said, chances = answers_of(pipeline, asked)
    columns = Signature.of([{**s, "nullable": True} for s in card.signature])
    sent = framed(columns.columns, columns.check(as_json_rows(asked)), raw=True)
    found, likely = answers_of(rest, export_features.prepared(sent, parts))
    if card.task == "regression":
        gap = float(np.max(np.abs(found - said))) / (float(np.std(said)) or 1.0)
        differ = 0
    else:
        differ = int(np.sum(found.astype(str) != said.astype(str)))
        gap = float(np.max(np.abs(likely - chances))) if chances is not None and likely is not None else 0.0
    first = " and ".join(
        w for w, n in (("cleaning", "cleaning/__init__.py"), ("features", "features.py")) if n in parts.modules
    )
    if differ or not gap <= TOLERANCE:
        raise ToolError(
            f"The {first} of {name} as plain Python give another answer in {differ} of {len(asked)} rows (largest difference "
            f"{gap:.2g}), so no service is written for it."
        )
    check = {"rows": len(asked), "difference": gap, "labels_differ": 0, "tolerance": TOLERANCE, "on": told}
    why = f"skops after the {first} as plain Python: the same answers in all {len(asked)} rows"
    return Exported("skops", content, tuple(sorted(types)), check, why, classes, parts.modules, parts.shape)


def _refuse_own_steps(card: ModelCard, types: tuple[str, ...]) -> None:
    """ToolError when the pipeline begins with steps that only Opsmith itself can run."""
    if any(t.startswith("opsmith.") and not t.endswith(".Coded") for t in types):
        first = "a cleaning recipe" if card.recipe.get("cleaning") else "a feature set"
        raise ToolError(
            f"{card.name} version {card.version} begins with {first}, which a service of its own cannot run. Train it on the "
            "file that the recipe or the features made, then ask again."
        )


def _onnx(card: ModelCard, pipeline: Any, asked: pd.DataFrame) -> tuple[bytes | None, dict[str, Any], str]:
    """The converted file when it answers alike, else None and why."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: the library reports to its maker otherwise
    try:
        import onnxruntime

        content = _convert(card, pipeline)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        check = _compare(card, pipeline, session, asked)
    except ImportError:
        return None, {}, "skl2onnx and onnxruntime are not installed here"
    except Exception as error:  # a converter or the runtime refuses in as many ways as there are models
        return (
            None,
            {},
            f"it has no ONNX form ({type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else ''})",
        )
    if check["labels_differ"] or check["difference"] > TOLERANCE:
        return None, check, (
            f"its ONNX form gave another label in {check['labels_differ']} of {check['rows']} rows and differed by up to "
            f"{check['difference']:.2g} (allowed: {TOLERANCE:g})"
        )  # fmt: skip
    return (
        content,
        check,
        f"the same labels in all {check['rows']} rows, the largest difference {check['difference']:.1e}",
    )


def _convert(card: ModelCard, pipeline: Any) -> bytes:
    if card.model_file.suffix == ".onnx":
        return card.model_file.read_bytes()
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.feature_extraction.text import TfidfVectorizer

    from opsmith.tools.compute.deployment import onnx_boosted, onnx_parts

    onnx_parts.teach()
    onnx_boosted.teach()
    pipeline, names = onnx_boosted.uncoded(_votes_plainly(_calibrated_last(pipeline)))
    types = [
        (str(s["column"]), (FloatTensorType if s["kind"] == "number" else StringTensorType)([None, 1]))
        for s in card.signature
    ]
    options: dict[Any, Any] = {TfidfVectorizer: {"tokenexp": onnx_parts.WORD}}
    if hasattr(pipeline[-1], "classes_"):
        options[id(pipeline[-1])] = {"zipmap": False}
    made = to_onnx(pipeline, initial_types=types, options=options, name="model", target_opset=OPSET)
    for entry in list(made.graph.output)[2 if hasattr(pipeline, "predict_proba") else 1 :]:
        made.graph.output.remove(entry)  # scores that nobody asks for
    if names is not None:
        onnx_boosted.named(made, names)
    onnx_parts.portable(made)
    return bytes(made.SerializeToString())


def _votes_plainly(pipeline: Any) -> Any:
    """A voting classifier, calibrated or not, told to shape what nobody asks of it as the converter wants it."""
    import copy

    from sklearn.ensemble import VotingClassifier
    from sklearn.pipeline import Pipeline

    def plain(model: Any) -> Any:
        made = copy.copy(model)
        made.flatten_transform = False
        return made

    last = pipeline[-1] if hasattr(pipeline, "steps") else pipeline
    if isinstance(last, VotingClassifier):
        return Pipeline([*pipeline.steps[:-1], (pipeline.steps[-1][0], plain(last))])
    if isinstance(getattr(last, "estimator", None), VotingClassifier):
        outer = copy.copy(last)
        (only,) = (copy.copy(c) for c in last.calibrated_classifiers_)
        only.estimator = outer.estimator = plain(only.estimator)
        outer.calibrated_classifiers_ = [only]
        return Pipeline([*pipeline.steps[:-1], (pipeline.steps[-1][0], outer)])
    return pipeline


def _calibrated_last(pipeline: Any) -> Any:
    """A calibrated pipeline as a pipeline that ends with the calibrated model, which is the same function of the rows."""
    import copy

    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.pipeline import Pipeline

    if not isinstance(pipeline, CalibratedClassifierCV) or len(pipeline.calibrated_classifiers_) != 1:
        return pipeline
    inside = pipeline.calibrated_classifiers_[0].estimator
    last, only = copy.copy(pipeline), copy.copy(pipeline.calibrated_classifiers_[0])
    only.estimator = last.estimator = inside[-1]
    last.calibrated_classifiers_ = [only]
    return Pipeline([*inside.steps[:-1], ("model", last)])


def _compare(card: ModelCard, pipeline: Any, session: Any, frame: pd.DataFrame) -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    feed: dict[str, Any] = {}
    for entry in card.signature:
        values = frame[str(entry["column"])]
        if entry["kind"] == "number":
            feed[str(entry["column"])] = values.to_numpy(np.float32).reshape(-1, 1)
        else:
            feed[str(entry["column"])] = np.array(["" if pd.isna(v) else v for v in values], object).reshape(-1, 1)
    found = session.run(None, feed)
    said, chances = answers_of(pipeline, frame)
    if card.task == "regression":
        spread = float(np.std(said)) or 1.0
        gap = float(np.max(np.abs(found[0].reshape(-1) - said.astype(float)))) / spread
        differ = 0
    else:
        differ = int(np.sum(found[0].astype(str) != said.astype(str)))
        gap = float(np.max(np.abs(found[1] - chances))) if chances is not None else 0.0
    if not np.isfinite(gap):
        raise ValueError("answers that are not finite")
    return {"rows": len(frame), "difference": gap, "labels_differ": differ, "tolerance": TOLERANCE}


def _with_surprises(frame: pd.DataFrame, card: ModelCard, raw: bool = False) -> pd.DataFrame:
    """The rows, and again some of them with one gap or one unseen value in each column that may have it.

    raw: texts that nobody gave stay missing, as the model's own first steps tell them from empty ones.
    """
    import pandas as pd

    parts = [frame]
    for entry in card.signature:
        name = str(entry["column"])
        text = entry["kind"] != "number"
        if text and not pd.api.types.is_string_dtype(frame[name].dtype):
            continue  # dates in a table; a service is sent them as texts, and no text is a surprise
        if entry.get("nullable", True):
            gap: Any = None if raw and text else "" if entry["kind"] == "text" else float("nan")
            parts.append(frame.head(3).assign(**{name: gap}))
        if text:
            parts.append(frame.head(3).assign(**{name: "never seen before"}))
        if entry["kind"] == "text":
            held = frame.head(20)
            changed = [[v if pd.isna(v) else change(str(v)) for v in held[name]] for change in STRANGER]
            parts += [held.assign(**{name: values}) for values in changed]
    whole = pd.concat([p.astype({c: frame[c].dtype for c in frame.columns}) for p in parts], ignore_index=True)
    return whole[list(frame.columns)]


def _made_up(card: ModelCard, rows: int, seed: int) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    made: dict[str, Any] = {}
    for entry in card.signature:
        if entry["kind"] == "number":
            low, high = entry.get("range") or (0.0, 100.0)
            made[str(entry["column"])] = rng.uniform(low, high, rows)
        else:
            made[str(entry["column"])] = rng.choice(list(entry.get("levels") or ["text", "another text"]), rows)
    return pd.DataFrame(made)
