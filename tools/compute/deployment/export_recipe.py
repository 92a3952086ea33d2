"""A fitted cleaning recipe as a package of plain Python for a service of its own: `service/cleaning/`.

`__init__.py` has the recipe as a list of calls with what was learned from the training rows; `cells.py` carries them out;
the other files are the parts of Opsmith's own readers (numbers, dates, spaces, texts) that these calls need. Steps that
remove or add rows are left out, as a prediction keeps its rows; some steps cannot be shipped and are named.
"""

from __future__ import annotations

import importlib.util
import pprint
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.tools.compute.deployment.plain_source import NotPlain, plain_sources
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    import pandas as pd

    from opsmith.tools.compute.recipe import Step

_HERE = "opsmith.tools.compute."
_TEXTS: dict[str, tuple[str, str]] = {  # step -> the function of one text
    "trim": ("steps.spacing", "trimmed"),
    "fix_text": ("text", "fixed"),
    "strip_html": ("text", "without_html"),
    "contractions": ("text", "expanded"),
    "repeats": ("text", "unstretched"),
    "stop_words": ("text_language", "without_stop_words"),
}


class _Writer:
    """Lines of `clean`, and the functions of Opsmith's modules that they call."""

    def __init__(self, stored: Mapping[str, str]) -> None:
        self.stored = stored  # how the training rows held a column, where it matters
        self.times = {
            name: "datetime" for name, kind in stored.items() if kind == "datetime"
        }  # date or datetime, by now
        self.lines: list[str] = []
        self.uses: dict[tuple[str, str], None] = {}
        self.imports: dict[str, None] = {}

    def use(self, module: str, name: str) -> str:
        self.uses[(_HERE + module, name)] = None
        return name

    def figure(self, name: str, value: Any) -> str:
        """A learned figure as source; dates were learned as texts."""
        kind = self.times.get(name)
        if not kind or not isinstance(value, str):
            return repr(value)
        self.imports["datetime"] = None
        return f"datetime.{kind}.fromisoformat({(value[:10] if kind == 'date' else value)!r})"

    def call(self, text: str) -> None:
        self.lines.append(f"    cells.{text}")


def cleaning_package(fitted: Any, rows: pd.DataFrame, about: str) -> dict[str, str]:
    """File name -> source of the package whose `clean(table)` does what the fitted RecipeTransformer does.

    rows: raw rows as the model is given them, for the columns' types; about: the docstring's first line. Raises ToolError
    that names a step which a service of its own cannot run.
    """
    from opsmith.tools.compute.recipe import read_recipe
    from opsmith.tools.compute.steps import kind_of_step

    made = _Writer({c: kind for c in map(str, fitted.feature_names_in_) if (kind := _stored(rows[c]))})
    learned = iter(fitted.fitted_)
    for step in read_recipe(fitted.recipe).steps:
        if kind_of_step(step.step).changes == "rows":
            continue
        part = next(learned)
        writer = _WRITERS.get(step.step)
        told = " ".join(step.reason.split())
        if told and told != "asked for":
            made.lines.append(f"    # {told[:200]}")
        if writer is None:
            raise _cannot(step.step, "")
        writer(made, step, part)
    try:
        sources = plain_sources(made.uses)
    except NotPlain as error:
        culprit = next((s.step for s in read_recipe(fitted.recipe).steps if _unplain(s.step)), "one of its steps")
        raise _cannot(culprit, f" ({error})") from None
    cells = files("opsmith.tools.templates.service").joinpath("cells.py").read_text(encoding="utf-8")
    return {"__init__.py": _module(made, about), "cells.py": cells, **sources}


def cleaner(package: Mapping[str, str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """`clean` of the package, run from its very sources."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in package.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        name = f"_cleaning_{abs(hash(tuple(sorted(package.items()))))}"
        spec = importlib.util.spec_from_file_location(
            name, Path(folder) / "__init__.py", submodule_search_locations=[folder]
        )
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            for loaded in [m for n, m in sys.modules.items() if n.startswith(f"{name}.")]:
                if hasattr(loaded, "lexicon"):
                    loaded.lexicon()  # it reads its file at the first call, and the folder goes
        finally:
            for key in [n for n in sys.modules if n == name or n.startswith(f"{name}.")]:
                del sys.modules[key]
    clean: Callable[[pd.DataFrame], pd.DataFrame] = module.clean
    return clean


def _module(made: _Writer, about: str) -> str:
    imports = [f"import {name}" for name in sorted(made.imports)]
    cells = ["Cells", "whole"] if any("whole(" in line for line in made.lines) else ["Cells"]
    names: dict[str, list[str]] = {"cells": cells}
    for module, name in made.uses:
        names.setdefault(module.rsplit(".", 1)[1], []).append(name)
    own = [f"from .{module} import {', '.join(sorted(used))}" for module, used in sorted(names.items())]
    docstring = about.replace("\\", "\\\\").replace('"""', "'''")
    return "\n".join([
        f'"""{docstring}', "", "Every row is cleaned on its own; what was learned from the training rows stands below.", '"""',
        "",
        "from __future__ import annotations", "", *(imports and [*imports, ""]), *own, "",
        "# how the training rows held these columns",
        f"STORED = {_literal(dict(made.stored))}", "", "",
        "def clean(table):",
        '    """The rows, cleaned, with the same index."""',
        "    cells = Cells(table, STORED)",
        *made.lines,
        "    return cells.table()", "",
    ])  # fmt: skip


def _stored(values: Any) -> str:
    import pandas as pd

    kinds = (
        ("boolean", pd.api.types.is_bool_dtype),
        ("integer", pd.api.types.is_integer_dtype),
        ("datetime", pd.api.types.is_datetime64_any_dtype),
    )
    if values.dtype == object and len(held := values.dropna()) and all(isinstance(v, bool) for v in held):
        return "boolean"
    return next((kind for kind, is_one in kinds if is_one(values)), "")


def _each_text(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    made.call(f"texts({list(step.columns)!r}, {made.use(*_TEXTS[step.step])})")


def _lowercase(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    made.call(f"texts({list(step.columns)!r}, str.lower)")


def _emoji(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    how = str(step.options.get("how", "drop"))
    made.call(f"texts({list(step.columns)!r}, lambda text: {made.use('text', 'emoji_as')}(text, {how!r}))")


def _abbreviations(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    extra = {str(k): str(v) for k, v in step.options.get("extra", {}).items()}
    keep = sorted({str(w).lower() for w in step.options.get("keep", ())})
    spell_out = made.use("text_abbreviations", "spell_out")
    made.call(f"texts({list(step.columns)!r}, lambda text: {spell_out}(text, {extra!r}, frozenset({keep!r})))")


def _punctuation(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    if step.options.get("how") == "remove":
        bare, marks = made.use("text", "without_punctuation"), str(step.options.get("marks", ""))
        made.call(f"texts({list(step.columns)!r}, lambda text: {bare}(text, {marks!r}))")
    else:
        made.call(f"texts({list(step.columns)!r}, {made.use('text', 'punctuated')})")


def _language(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    language_of = made.use("text_language", "language_of")
    for name in step.columns:
        made.call(f"add({name + '_language'!r}, {name!r}, lambda text: {language_of}(text) or None)")


def _missing(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    tokens = sorted({str(t).strip().lower() for t in step.options.get("tokens", ())})
    numbers = sorted({float(v) for v in step.options.get("values", ())})
    made.call(f"missing({list(step.columns)!r}, {_literal(tokens, 8)}, {numbers!r})")


def _cast(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    options, to = step.options, str(step.options.get("to", ""))
    if options.get("currency_column"):
        take_apart = made.use("cells_numbers", "take_apart")
        for name in step.columns:
            told = f"lambda text: (taken := {take_apart}(text)) and taken.currency or None"
            made.call(f"add({str(options['currency_column'])!r}, {name!r}, {told})")
    if to in ("number", "integer"):
        style = ", ".join(repr(str(options.get(k, d))) for k, d in (("decimal", "."), ("percent", ""), ("unit", "")))
        read = f"{made.use('cells_numbers', 'read_number')}(text, {made.use('cells_numbers', 'Style')}({style}))"
        read = f"lambda text: {read if to == 'number' else f'whole({read})'}"
    elif to == "boolean":
        read = made.use("steps.types", "read_boolean")
    elif to == "text":
        read = "str"
    else:
        told = f"{made.use('cells_dates', 'read_date')}(text, {bool(options.get('day_first', False))})"
        read = f"lambda text: (when := {told}) and when.date()" if to == "date" else f"lambda text: {told}"
    for name in step.columns:
        made.times[name] = to if to in ("date", "datetime") else ""
    made.call(f"cast({list(step.columns)!r}, {to!r}, {read})")


def _map_values(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    mapping = {str(k): v for k, v in step.options.get("mapping", {}).items()}
    made.call(f"replaced({list(step.columns)!r}, {_literal(mapping, 8)})")


def _impute(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    if "reference" in part or step.options.get("method") == "forward":
        raise _cannot(f"impute ({step.options.get('method')})", ", as it looks at other rows")
    for name in step.columns:
        if step.options.get("indicator"):
            made.call(f"flag_missing({name!r})")
    for name in step.columns:
        groups = ", ".join(f"{k!r}: {made.figure(name, v)}" for k, v in (part["groups"].get(name) or {}).items())
        more = f", {part['by']!r}, {{{groups}}}" if groups else ""
        made.call(f"fill({name!r}, {made.figure(name, part['figures'].get(name))}{more})")


def _range(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    low, high = step.options.get("min"), step.options.get("max")
    for name in step.columns:
        made.call(f"bound({name!r}, {low!r}, {high!r}, clip={step.options.get('outside') == 'clip'})")


def _outliers(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    action = str(step.options.get("action", "clip"))
    if action == "drop":
        raise _cannot("outliers (drop)", ", as it removes rows")
    for name, (low, high) in part["fences"].items():
        made.call(f"bound({name!r}, {_number(low)}, {_number(high)}, clip={action == 'clip'})")


def _number(value: float) -> str:
    return repr(float(value)) if abs(value) != float("inf") else f"float({str(float(value))!r})"


def _scale(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    method = str(step.options.get("method", "standard"))
    for name in step.columns:
        if method == "log":
            made.imports["math"] = None
            rule = "math.copysign(math.log1p(abs(v)), v)"
        elif method == "quantile":
            made.imports["numpy as np"] = None
            rule = f"np.interp(v, {_literal(part[name], 8)}, np.linspace(0, 1, {len(part[name])}))"
        else:
            centre, width = part[name]
            rule = f"(v - {centre!r}) / {width!r}"
        made.call(f"scale({name!r}, lambda v: {rule})")


def _encode(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    for name in step.columns:
        levels = part["levels"][name]
        if part["method"] == "onehot":
            made.call(f"one_hot({name!r}, {_literal(list(levels), 8)})")
        else:
            other = part["overall"] if part["method"] == "target" else -1.0
            made.call(f"coded({name!r}, {name + '_' + part['method']!r}, {_literal(dict(levels), 8)}, {other!r})")


def _drop_columns(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    made.call(f"drop({list(part['columns'])!r})")


def _rename(made: _Writer, step: Step, part: Mapping[str, Any]) -> None:
    names = {str(k): str(v) for k, v in step.options.get("names", {}).items()}
    made.times = {names.get(name, name): kind for name, kind in made.times.items()}
    made.call(f"rename({_literal(names, 8)})")


_WRITERS: dict[str, Callable[[_Writer, Step, Mapping[str, Any]], None]] = {
    **dict.fromkeys(_TEXTS, _each_text), "lowercase": _lowercase, "strip_emoji": _emoji, "abbreviations": _abbreviations,
    "punctuation": _punctuation, "language": _language, "missing": _missing, "cast": _cast, "map_values": _map_values,
    "impute": _impute, "range": _range, "outliers": _outliers, "scale": _scale, "encode": _encode,
    "drop_columns": _drop_columns, "rename": _rename,
}  # fmt: skip


def _unplain(step: str) -> bool:
    module, name = _TEXTS.get(step, ("", ""))
    try:
        if name:
            plain_sources([(_HERE + module, name)])
    except NotPlain:
        return True
    return False


def _cannot(step: str, why: str) -> ToolError:
    return ToolError(
        f"The cleaning recipe has the step {step}, which a service of its own cannot run{why}. Take the step out of the "
        "recipe, or train on the cleaned file, then ask again."
    )


def _literal(value: Any, indent: int = 0) -> str:
    """A plain value as Python source; long ones over several lines."""
    text = pprint.pformat(value, width=110, compact=True, sort_dicts=False)
    return text.replace("\n", "\n" + " " * indent)
