"""A model in an ONNX file, answering like a scikit-learn one: `predict`, and `predict_proba` for classes. No code is in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from opsmith.tools.contract import ToolError

_NUMBERS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
            "tensor(bool)": np.bool_}  # fmt: skip


class OnnxModel:
    """Takes a data frame. The file has one input a column, named like it, or one input that holds all columns in order.

    classes: the outcomes in the order of the probabilities; empty for quantities. A missing text is given as "".
    """

    def __init__(self, path: Path, classes: Sequence[Any] = ()):
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        try:
            import onnxruntime
        except ImportError:
            raise ToolError("ONNX files need onnxruntime: pip install 'opsmith[ml]'.") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        try:
            # from bytes, so that the file can name no other files to be read
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises a class of its own for every defect of a file
            told = str(error).splitlines()[0][:160]
            raise ToolError(f"{path.name} is no ONNX model that runs here: {told}") from None
        self._inputs = self._session.get_inputs()
        self._outputs = [o.name for o in self._session.get_outputs()]
        if len(classes):
            self.classes_ = np.asarray(list(classes), dtype=object if isinstance(classes[0], str) else None)
        else:
            self.predict_proba = None  # type: ignore[assignment]
            del self.predict_proba

    @property
    def columns(self) -> list[str]:
        """The columns that the inputs are named after; empty when one input holds all of them."""
        return [i.name for i in self._inputs] if len(self._inputs) > 1 or self._width(0) == 1 else []

    @property
    def width(self) -> int | None:
        """How many columns the one input takes; None where the file leaves it open."""
        return len(self._inputs) if self.columns else self._width(0)

    def predict(self, x: Any) -> np.ndarray:
        """The classes or quantities."""
        said = np.asarray(self._session.run([self._outputs[0]], self._feed(x))[0])
        said = said.reshape(len(x), -1)[:, 0] if said.ndim > 1 else said
        return said.astype(object) if said.dtype.kind in "OSU" else said

    def predict_proba(self, x: Any) -> np.ndarray:
        """A column of probabilities a class. ToolError where the file gives none."""
        if len(self._outputs) < 2:
            raise ToolError("This ONNX model gives classes without probabilities.")
        found = self._session.run([self._outputs[1]], self._feed(x))[0]
        if isinstance(found, list):  # a ZipMap: one mapping a row
            return np.asarray([[row[c] for c in sorted(row)] for row in found], float)
        return np.asarray(found, float)

    def _width(self, at: int) -> int | None:
        shape = self._inputs[at].shape
        return shape[1] if len(shape) > 1 and isinstance(shape[1], int) else 1 if len(shape) == 1 else None

    def _feed(self, x: Any) -> dict[str, np.ndarray]:
        if self.columns:
            return {i.name: self._typed(x[[i.name]], i) for i in self._inputs}
        return {self._inputs[0].name: self._typed(x, self._inputs[0])}

    def _typed(self, values: Any, entry: Any) -> np.ndarray:
        if entry.type == "tensor(string)":
            told = np.where(values.isna(), "", values.astype(object)).astype(str).astype(object)
        elif entry.type in _NUMBERS:
            told = values.to_numpy(_NUMBERS[entry.type])
        else:
            raise ToolError(f"The input {entry.name} of the ONNX model is a {entry.type}, which is no table's column.")
        return told.reshape(-1) if len(entry.shape) == 1 else told
