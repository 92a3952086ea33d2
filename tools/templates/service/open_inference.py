"""The Open Inference Protocol (V2): tensors named by column in, tensors `prediction` and `probability` out.

https://github.com/open-inference/open-inference-protocol: one input of shape [n] or [n, 1] a column; BYTES for texts,
any number type for numbers; null stands for a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .model import Answers, Model
from .signature import Invalid, Signature

NUMBERS = {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64"}


def rows_of(body: Any, signature: Signature) -> list[dict[str, Any]]:
    """The rows of an inference request. Raises Invalid for tensors that do not fit together or are of no known type."""
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or not inputs:
        raise Invalid([], 'the body has no "inputs": send {"inputs": [{"name", "shape", "datatype", "data"}, ...]}')
    columns: dict[str, list[Any]] = {}
    for tensor in inputs:
        name, values = _tensor(tensor)
        if name in columns:
            raise Invalid([{"row": None, "column": name, "problem": "is given twice"}])
        columns[name] = values
    lengths = {len(v) for v in columns.values()}
    if len(lengths) != 1:
        raise Invalid([], f"all inputs need the same number of rows; there are {sorted(lengths)}")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _tensor(tensor: Any) -> tuple[str, list[Any]]:
    if not isinstance(tensor, Mapping) or not isinstance(tensor.get("name"), str):
        raise Invalid([], "every input needs a name, a shape, a datatype and data")
    name, kind, shape = tensor["name"], tensor.get("datatype"), tensor.get("shape")
    data = tensor.get("data")
    if kind not in NUMBERS and kind != "BYTES":
        raise Invalid([{"row": None, "column": name, "problem": f"datatype {kind!r} is not known"}])
    if (
        not isinstance(data, list)
        or not isinstance(shape, list)
        or not shape
        or not all(isinstance(s, int) for s in shape)
    ):
        raise Invalid(
            [{"row": None, "column": name, "problem": "needs data (a list) and shape, such as [3] or [3, 1]"}]
        )
    flat = [v[0] if isinstance(v, list) and len(v) == 1 else v for v in data]
    if shape[0] != len(flat) or any(s != 1 for s in shape[1:]):
        raise Invalid(
            [{"row": None, "column": name, "problem": f"shape {shape} does not fit {len(flat)} values of one column"}]
        )
    if kind == "BYTES":
        return name, flat
    return name, [int(v) if isinstance(v, bool) else v for v in flat]


def response(model: Model, answers: Answers, request_id: str) -> dict[str, Any]:
    """The inference response."""
    count = len(answers.predictions)
    outputs = [{"name": "prediction", "datatype": label_type(model), "shape": [count], "data": answers.predictions}]
    if answers.probabilities is not None:
        flat = [p for row in answers.probabilities for p in row]
        outputs.append({"name": "probability", "datatype": "FP64", "shape": [count, len(model.classes)], "data": flat})
    return {"model_name": model.name, "model_version": model.version, "id": request_id, "outputs": outputs}


def metadata(model: Model) -> dict[str, Any]:
    """What the model takes and gives."""
    inputs = [{"name": c.name, "datatype": "FP64" if c.kind == "number" else "BYTES", "shape": [-1, 1]}
              for c in model.signature.columns]  # fmt: skip
    outputs = [{"name": "prediction", "datatype": label_type(model), "shape": [-1]}]
    if model.classes:
        outputs.append({"name": "probability", "datatype": "FP64", "shape": [-1, len(model.classes)]})
    platform = {"onnx": "onnx_onnxv1", "skops": "sklearn_skops"}[model.manifest["format"]]
    return {"name": model.name, "versions": [model.version], "platform": platform, "inputs": inputs, "outputs": outputs}


def label_type(model: Model) -> str:
    """The V2 name of the predictions' type."""
    if not model.classes:
        return "FP64"
    return {bool: "BOOL", int: "INT64", float: "FP64"}.get(type(model.classes[0]), "BYTES")
