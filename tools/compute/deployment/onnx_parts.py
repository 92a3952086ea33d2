"""ONNX for the parts of our pipelines that skl2onnx refuses or gets wrong: encoders with missing or rare levels, flags
for missing numbers, and gradient boosting over histograms.

Texts travel as strings; a missing text travels as the empty string, because ONNX strings cannot be missing. Each
converter is checked by the caller on real rows (`export.py`), so a case that is not covered here ends in another format,
never in other answers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

MISSING = ""  # how a missing text is written for ONNX
WORD = r"[\p{L}\p{N}_][\p{L}\p{N}_]+"  # scikit-learn's words of two and more letters, in any script, for RE2
LOCALE = "C.UTF-8"  # for lower case; every Debian has it, en_US has to be installed


class Unconvertible(Exception):
    """This fitted part has no equal in ONNX; the message says which and why."""


@cache
def teach() -> None:
    """Make skl2onnx use the converters of this file, once a process."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes as classes,
    )
    from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes as numbers
    from skl2onnx.operator_converters.random_forest import (
        convert_sklearn_random_forest_classifier as forest_classes,
    )
    from skl2onnx.operator_converters.random_forest import (
        convert_sklearn_random_forest_regressor_converter as forest_numbers,
    )
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    options = {"zipmap": [True, False, "columns"], "raw_scores": [True, False], "nocl": [True, False],
               "output_class_labels": [False, True]}  # fmt: skip
    for kind, name, shape, convert, known in (
        (OneHotEncoder, "OpsmithOneHot", _width_of(_one_hot_width), _one_hot, {}),
        (OrdinalEncoder, "OpsmithOrdinal", _width_of(lambda o: len(o.categories_)), _ordinal, {}),
        (SimpleImputer, "OpsmithFill", _filled_shape, _fill, {}),
        (HistGradientBoostingClassifier, "OpsmithHistClasses", classes, _plainly(forest_classes), options),
        (HistGradientBoostingRegressor, "OpsmithHistNumbers", numbers, _plainly(forest_numbers), {}),
    ):
        update_registered_converter(kind, name, shape, convert, overwrite=True, options=known)


def portable(model: Any) -> None:
    """Make the texts of an ONNX model independent of the languages that a machine has installed."""
    for node in model.graph.node:
        if node.op_type == "StringNormalizer":
            for attribute in [a for a in node.attribute if a.name == "locale"]:
                node.attribute.remove(attribute)
            node.attribute.add(name="locale", type=3, s=LOCALE.encode())  # 3 is AttributeProto.STRING


def _plainly(convert: Any) -> Any:
    """The library's converter, with node attributes as plain numbers (onnx refuses booleans where it wants integers)."""

    class Plain:
        def __init__(self, container: Any) -> None:
            self._container = container

        def __getattr__(self, name: str) -> Any:
            return getattr(self._container, name)

        def add_node(self, *args: Any, **attributes: Any) -> Any:
            plain = {k: [_number(v) for v in a] if isinstance(a, list) else a for k, a in attributes.items()}
            return self._container.add_node(*args, **plain)

    return lambda scope, operator, container: convert(scope, operator, Plain(container))


def _number(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_, np.integer)):
        return int(value)
    return float(value) if isinstance(value, np.floating) else value


def _width_of(width: Any) -> Any:
    def shape(operator: Any) -> None:
        from skl2onnx.common.data_types import FloatTensorType

        operator.outputs[0].type = FloatTensorType(
            [operator.inputs[0].get_first_dimension(), width(operator.raw_operator)]
        )

    return shape


def _filled_shape(operator: Any) -> None:
    from skl2onnx.common.data_types import StringTensorType

    part, first = operator.raw_operator, operator.inputs[0].get_first_dimension()
    if isinstance(operator.inputs[0].type, StringTensorType):
        operator.outputs[0].type = StringTensorType([first, len(part.statistics_)])
    else:
        flags = len(part.indicator_.features_) if part.add_indicator else 0
        _width_of(lambda o: len(o.statistics_) + flags)(operator)


def _columns(scope: Any, operator: Any, container: Any) -> list[str]:
    """One ONNX name a column, of whatever inputs the part has."""
    from skl2onnx.proto import onnx_proto

    found = []
    for entry in operator.inputs:
        width = entry.type.shape[1]
        if not isinstance(width, int):
            raise Unconvertible("the number of columns is not known")
        if width == 1:
            found.append(entry.full_name)
            continue
        for number in range(width):
            index, column = (scope.get_unique_variable_name(n) for n in ("index", "column"))
            container.add_initializer(index, onnx_proto.TensorProto.INT64, [1], [number])
            container.add_node(
                "Gather", [entry.full_name, index], column, axis=1, name=scope.get_unique_operator_name("Gather")
            )
            found.append(column)
    return found


def _joined(scope: Any, container: Any, names: list[str], output: str) -> None:
    container.add_node("Concat", names, output, axis=1, name=scope.get_unique_operator_name("Concat"))


def _levels(levels: Any) -> list[str]:
    """The levels of a column as strings; the missing one as the empty string."""
    told = [MISSING if v is None or (isinstance(v, float) and v != v) else v for v in levels]
    if not all(isinstance(v, str) for v in told):
        raise Unconvertible("levels that are no texts")
    if len(set(told)) != len(told):
        raise Unconvertible("missing and empty texts are different levels")
    return told


def _ordinal(scope: Any, operator: Any, container: Any) -> None:
    """A dictionary a column; unknown levels as the encoder says."""
    part = operator.raw_operator
    if part.handle_unknown != "use_encoded_value" or getattr(part, "_infrequent_enabled", False):
        raise Unconvertible("an ordinal encoder that refuses unknown levels or merges rare ones")
    coded = []
    for name, levels in zip(_columns(scope, operator, container), part.categories_, strict=True):
        values = [float(i) for i in range(len(levels))]
        if isinstance(levels[-1], float) and levels[-1] != levels[-1]:
            values[-1] = float(part.encoded_missing_value)
        code = scope.get_unique_variable_name("code")
        container.add_node(
            "LabelEncoder", [name], code, op_domain="ai.onnx.ml", op_version=2, keys_strings=_levels(levels),
            values_floats=values, default_float=float(part.unknown_value), name=scope.get_unique_operator_name("LabelEncoder"),
        )  # fmt: skip
        coded.append(code)
    _joined(scope, container, coded, operator.outputs[0].full_name)


def _one_hot_width(part: Any) -> int:
    return sum(len(part._compute_transformed_categories(i)) for i in range(len(part.categories_)))


def _one_hot(scope: Any, operator: Any, container: Any) -> None:
    """Known levels by a table from level to output columns, unknown ones by what the encoder makes of them."""
    from skl2onnx.proto import onnx_proto

    part = operator.raw_operator
    if part.drop is not None or part.handle_unknown == "error":
        raise Unconvertible("a one-hot encoder that drops a level or refuses unknown ones")
    made = []
    for number, name in enumerate(_columns(scope, operator, container)):
        levels, out = part.categories_[number], part._compute_transformed_categories(number)
        rare = set(
            part.infrequent_categories_[number]
            if part._infrequent_enabled and part.infrequent_categories_[number] is not None
            else ()
        )
        last = len(out) - 1
        table = np.zeros((len(levels) + 1, len(out)), np.float32)
        plain = [v for v in levels if v not in rare]
        for row, level in enumerate(levels):
            table[row, last if level in rare else plain.index(level)] = 1.0
        if part.handle_unknown == "infrequent_if_exist" and rare:
            table[-1, last] = 1.0
        code, flat, rows, shape = (scope.get_unique_variable_name(n) for n in ("code", "flat", "rows", "shape"))
        values = scope.get_unique_variable_name("table")
        container.add_node(
            "LabelEncoder", [name], code, op_domain="ai.onnx.ml", op_version=2, keys_strings=_levels(levels),
            values_int64s=list(range(len(levels))), default_int64=len(levels),
            name=scope.get_unique_operator_name("LabelEncoder"),
        )  # fmt: skip
        container.add_initializer(shape, onnx_proto.TensorProto.INT64, [1], [-1])
        container.add_node("Reshape", [code, shape], flat, name=scope.get_unique_operator_name("Reshape"))
        container.add_initializer(values, onnx_proto.TensorProto.FLOAT, list(table.shape), table.ravel().tolist())
        container.add_node("Gather", [values, flat], rows, axis=0, name=scope.get_unique_operator_name("Gather"))
        made.append(rows)
    _joined(scope, container, made, operator.outputs[0].full_name)


def _fill(scope: Any, operator: Any, container: Any) -> None:
    """Numbers: fill, and one flag a column that had gaps. Texts: fill where the empty string stands for missing."""
    from skl2onnx.common.data_types import StringTensorType
    from skl2onnx.proto import onnx_proto

    part, names = operator.raw_operator, _columns(scope, operator, container)
    output = operator.outputs[0].full_name
    if isinstance(operator.inputs[0].type, StringTensorType):
        missing = scope.get_unique_variable_name("missing")
        container.add_initializer(missing, onnx_proto.TensorProto.STRING, [1], [MISSING.encode()])
        made = []
        for name, value in zip(names, part.statistics_, strict=True):
            gap, filler, whole = (scope.get_unique_variable_name(n) for n in ("gap", "filler", "whole"))
            container.add_node("Equal", [name, missing], gap, name=scope.get_unique_operator_name("Equal"))
            container.add_initializer(filler, onnx_proto.TensorProto.STRING, [1], [str(value).encode()])
            container.add_node("Where", [gap, filler, name], whole, name=scope.get_unique_operator_name("Where"))
            made.append(whole)
        _joined(scope, container, made, output)
        return
    if not (isinstance(part.missing_values, float) and np.isnan(part.missing_values)):
        raise Unconvertible("numbers filled where they equal a value")
    if len(part.statistics_) != len(names) or np.isnan(np.asarray(part.statistics_, float)).any():
        raise Unconvertible("a column that was empty in training")
    whole, filled = scope.get_unique_variable_name("whole"), scope.get_unique_variable_name("filled")
    _joined(scope, container, names, whole)
    container.add_node(
        "Imputer", [whole], filled, op_domain="ai.onnx.ml", replaced_value_float=float("nan"),
        imputed_value_floats=[float(v) for v in part.statistics_], name=scope.get_unique_operator_name("Imputer"),
    )  # fmt: skip
    flags = list(part.indicator_.features_) if part.add_indicator else []
    if not flags:
        container.add_node("Identity", [filled], output, name=scope.get_unique_operator_name("Identity"))
        return
    gaps, chosen, index, flag = (scope.get_unique_variable_name(n) for n in ("gaps", "chosen", "index", "flag"))
    container.add_node("IsNaN", [whole], gaps, name=scope.get_unique_operator_name("IsNaN"))
    container.add_initializer(index, onnx_proto.TensorProto.INT64, [len(flags)], [int(i) for i in flags])
    container.add_node("Gather", [gaps, index], chosen, axis=1, name=scope.get_unique_operator_name("Gather"))
    container.add_node(
        "Cast", [chosen], flag, to=onnx_proto.TensorProto.FLOAT, name=scope.get_unique_operator_name("Cast")
    )
    _joined(scope, container, [filled, flag], output)
