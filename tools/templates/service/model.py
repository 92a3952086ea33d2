"""The model: its file checked against the manifest, its libraries too, and one function that answers rows.

Only ONNX and skops files are read. Neither runs code of its own: ONNX has none, and of a skops file only the types that
the manifest lists are built. A pickle is never loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .signature import Signature


class NotTrusted(Exception):
    """The model file or its surroundings are not those that were checked, so nothing is served."""


@dataclass(frozen=True)
class Answers:
    """One entry a row. score: probability of the second of two classes; probabilities: of every class."""

    predictions: list[Any]
    scores: list[float] | None
    probabilities: list[list[float]] | None


class Model:
    """A loaded model; `predict` takes the columns that Signature.check returns."""

    def __init__(self, folder: Path) -> None:
        self.manifest = read_manifest(folder)
        self.name, self.version = str(self.manifest["name"]), str(self.manifest["version"])
        self.classes: list[Any] = list(self.manifest.get("classes") or ())
        self.threshold = self.manifest.get("threshold")
        self.signature = Signature.of(self.manifest["signature"])
        file = folder / f"model.{self.manifest['format']}"
        verify(file, self.manifest)
        self._runner: Any = _Onnx(file) if self.manifest["format"] == "onnx" else _Skops(file, self.manifest)
        self.milliseconds = self._measure(1), self._measure(64)

    def predict(self, columns: Mapping[str, list[Any]]) -> Answers:
        """Predictions for the rows; blocks for as long as the model takes."""
        labels, chances = self._runner.run(self.signature.columns, columns)
        if not self.classes:
            return Answers([float(v) for v in labels.reshape(len(labels))], None, None)
        said = labels.tolist()
        if isinstance(self.classes[0], bool):
            said = [bool(v) if not isinstance(v, str) else v == "True" for v in said]
        if chances is None:
            return Answers(said, None, None)
        scores = chances[:, 1].tolist() if len(self.classes) == 2 else None
        if scores is not None and self.threshold is not None:
            said = [self.classes[int(s >= self.threshold)] for s in scores]
        return Answers(said, scores, chances.tolist())

    def expected_milliseconds(self, rows: int) -> float:
        """How long so many rows take, from the two measurements at the start."""
        one, many = self.milliseconds
        return one + max(0.0, many - one) / 63 * (rows - 1)

    def _measure(self, rows: int) -> float:
        sample = self.signature.check([self.signature.sample()] * rows)
        self.predict(sample)
        best = float("inf")
        for _ in range(5):
            began = time.perf_counter()
            self.predict(sample)
            best = min(best, time.perf_counter() - began)
        return best * 1000


class _Onnx:
    def __init__(self, file: Path) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: the library reports to its maker otherwise
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # one replica has one CPU
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
        self._outputs = [o.name for o in self._session.get_outputs()]  # labels or quantities, then probabilities

    def run(self, inputs: Any, columns: Mapping[str, list[Any]]) -> tuple[Any, Any]:
        import numpy as np

        feed = {}
        for entry in inputs:
            values = columns[entry.name]
            if entry.kind == "number":
                feed[entry.name] = np.array(values, np.float32).reshape(-1, 1)
            else:  # the empty string stands for a missing text in the file
                feed[entry.name] = np.array([v or "" for v in values], object).reshape(-1, 1)
        found = self._session.run(self._outputs, feed)
        return found[0], found[1] if len(found) > 1 else None


class _Skops:
    def __init__(self, file: Path, manifest: Mapping[str, Any]) -> None:
        import skops.io

        trusted = list(manifest.get("trusted") or ())
        strange = sorted(set(skops.io.get_untrusted_types(file=file)) - set(trusted))
        if strange:
            raise NotTrusted(f"{file.name} holds parts that nobody vouched for: {', '.join(strange[:5])}")
        pipeline = skops.io.load(file, trusted=trusted)
        steps: list[Any] = list(getattr(pipeline, "steps", ()))
        # taken apart, so that labels and probabilities share the work on the columns
        self._before: Any = pipeline[:-1] if len(steps) > 1 else None
        self._last: Any = steps[-1][1] if len(steps) > 1 else pipeline
        self._first = first_steps(manifest)

    def run(self, inputs: Any, columns: Mapping[str, list[Any]]) -> tuple[Any, Any]:
        import numpy as np

        frame = framed(inputs, columns, raw=bool(self._first))
        for step in self._first:
            frame = step(frame)
        ready = self._before.transform(frame) if self._before is not None else frame
        labels = np.asarray(self._last.predict(ready))
        return labels, np.asarray(self._last.predict_proba(ready)) if hasattr(self._last, "predict_proba") else None


def first_steps(manifest: Mapping[str, Any]) -> list[Callable[[Any], Any]]:
    """What a model that begins with raw columns does before its pipeline: cleaning, features, shapes; () for any other."""
    steps: list[Callable[[Any], Any]] = []
    parts = manifest.get("modules") or {}
    if "cleaning/__init__.py" in parts:
        from .cleaning import clean

        steps.append(clean)
    if "features.py" in parts:
        from .features import add_features

        steps.append(add_features)
    shape = manifest.get("shape")
    return [*steps, lambda frame: shaped(frame, shape)] if shape else steps


def framed(inputs: Any, columns: Mapping[str, list[Any]], raw: bool = False) -> Any:
    """The checked columns as a pandas table. raw: for the model's own first steps, which tell missing from empty."""
    import numpy as np
    import pandas as pd

    numbers = {c.name for c in inputs if c.kind == "number"}
    texts = {c.name for c in inputs if c.kind == "text"} if not raw else set()
    return pd.DataFrame({
        n: np.array(v, float) if n in numbers
        else pd.Series(["" if t is None and n in texts else t for t in v], dtype=object).where(lambda s: s.notna(), np.nan)
        for n, v in columns.items()
    })  # fmt: skip


def shaped(frame: Any, shape: Mapping[str, list[str]]) -> Any:
    """The columns that follow the features: numbers as floats, categories as texts or NaN, texts as texts; in this order."""
    import numpy as np
    import pandas as pd

    def texts(values: Any, blank: Any) -> Any:
        known = {
            v: str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values.dropna().unique()
        }
        return pd.Series([blank if pd.isna(v) else known[v] for v in values], index=values.index, dtype=object)

    made: dict[str, Any] = {n: pd.to_numeric(frame[n], errors="coerce").astype(float) for n in shape["numeric"]}
    made |= {n: texts(frame[n], np.nan) for n in shape["categories"]}
    made |= {n: texts(frame[n], "") for n in shape["texts"]}
    return pd.DataFrame(made, index=frame.index)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest beside the model; NotTrusted when it is not there or no manifest."""
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotTrusted(f"{folder}/manifest.json cannot be read: {error}") from None
    if found.get("manifest_version") != 1 or found.get("format") not in ("onnx", "skops"):
        raise NotTrusted(f"{folder}/manifest.json describes a {found.get('format')!r} model, which is never loaded")
    return dict(found)


def verify(file: Path, manifest: Mapping[str, Any]) -> None:
    """NotTrusted unless the file's sha256 and the installed libraries are those of the manifest."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise NotTrusted(f"{file.name} cannot be read: {error.strerror}") from None
    if digest != manifest["sha256"]:
        raise NotTrusted(
            f"{file.name} is not the file that was checked: its sha256 is {digest}, not {manifest['sha256']}"
        )
    for name, wanted in dict(manifest.get("modules") or {}).items():
        part = Path(__file__).resolve().parent / name
        if not part.is_file() or hashlib.sha256(part.read_bytes()).hexdigest() != wanted:
            raise NotTrusted(f"service/{name} is not the file that was checked with the model")
    for name, wanted in dict(manifest.get("libraries") or {}).items():
        try:
            there = version(name)
        except PackageNotFoundError:
            raise NotTrusted(f"{name} is not installed; the model was checked with {wanted}") from None
        if there != wanted:
            raise NotTrusted(f"{name} {there} is installed, but the model was checked with {wanted}")
