"""Monitors as files: monitors/NAME.yaml, read, checked and written as text; nothing here changes one."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError
from opsmith.tools.data import paths, schedules

FOLDER = "monitors"
CHECKS = ("data", "prediction", "performance")
HIGHER_IS_BETTER = frozenset(
    {"auc", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "r2", "average_precision", "specificity"}
)
LOWER_IS_BETTER = frozenset({"rmse", "mae", "mse", "mape", "log_loss", "brier", "error_rate", "latency"})
DISTANCES = frozenset({"psi", "js", "ks", "wasserstein", "hellinger", "linf", "chi2", "missing"})
METRICS = HIGHER_IS_BETTER | LOWER_IS_BETTER | DISTANCES
_SPOKEN = {
    "roc_auc": "auc", "jensen_shannon": "js", "kolmogorov_smirnov": "ks", "population_stability_index": "psi",
    "f1_score": "f1", "r_squared": "r2", "mean_absolute_error": "mae", "logloss": "log_loss", "missing_rate": "missing",
    "l_infinity": "linf", "chi_square": "chi2", "chisquare": "chi2", "jsd": "js", "emd": "wasserstein",
}  # fmt: skip


@dataclass(frozen=True)
class Monitor:
    """A recurring check. `metric` and `threshold` repeat the first entry of `thresholds`, for those who want one."""

    name: str
    model: str | None = None
    reference: str | None = None  # None: what the model was trained on
    current: str | None = None  # None: the model's prediction log
    target: str | None = None
    columns: tuple[str, ...] = ()
    key: str | None = None  # joins predictions with outcomes; None: request_id, or the one column both have
    schedule: str = "daily"
    checks: tuple[str, ...] = ("data",)
    thresholds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    on_breach: str = "tell"  # or propose_retraining
    learn_from: int = 3  # of a pattern such as incoming/*.csv: a proposed retraining learns from so many newest files
    channel: str = "terminal"
    enabled: bool = True
    after: int = 1  # breaches in a row before it tells
    recover: int = 1  # good checks in a row before it tells that it is over
    repeat_hours: float = 24.0  # the same breach is told again only after this long
    metric: str | None = None
    threshold: float | None = None

    def as_yaml(self) -> str:
        """The file's text; what is at its default and rarely set stays out."""
        import yaml

        shown: dict[str, Any] = {"version": 1, "name": self.name}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("name", "metric", "threshold") or value is None or value == ():
                continue
            if field.name in _DEFAULTS and value == _DEFAULTS[field.name]:
                continue
            if isinstance(value, tuple):
                value = list(value)
            shown[field.name] = dict(value) if isinstance(value, Mapping) else value
        return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000)


_DEFAULTS: dict[str, Any] = {"learn_from": 3, "after": 1, "recover": 1, "repeat_hours": 24.0, "thresholds": {}}


def file_of(name: str) -> str:
    """Project-relative path of a monitor's file."""
    return f"{FOLDER}/{name}.yaml"


def named(text: str) -> str:
    """A usable monitor name for any text: letters, digits, dot, dash and underscore.

    >>> named("raw/Größe & co.csv"), named("...")
    ('Größe-co', 'monitor')
    """
    stem = unicodedata.normalize("NFC", Path(text.strip()).name)
    while paths.is_table(Path(stem)):
        stem = stem.rsplit(".", 1)[0]
    safe = re.sub(r"[^\w.]+", "-", stem).strip("-.")
    return safe[:80] or "monitor"


def metric_name(text: str) -> str:
    """The name by which a metric is known here; ToolError with the nearest when it is none."""
    folded = re.sub(r"[\s-]+", "_", text.strip().lower())
    folded = _SPOKEN.get(folded, folded)
    if folded not in METRICS:
        near = paths.nearest(folded, sorted(METRICS))
        told = f" Did you mean {', '.join(near)}?" if near else f" There are: {', '.join(sorted(METRICS))}."
        raise ToolError(f"{text!r} is no metric that can be watched.{told}")
    return folded


def breached(metric: str, value: float, threshold: float) -> bool:
    """Whether a value is on the wrong side: below for scores that should be high, above for all others."""
    return value < threshold if metric in HIGHER_IS_BETTER else value > threshold


def side(metric: str) -> str:
    """The wrong side in a word: `below` or `above`."""
    return "below" if metric in HIGHER_IS_BETTER else "above"


def from_text(text: str, where: str) -> Monitor:
    """The monitor that a file's text describes; ToolError in one sentence when it describes none."""
    import yaml

    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ToolError(f"{where} is not valid YAML: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(read, dict) or not isinstance(read.get("name"), str):
        raise ToolError(f"{where} is no monitor: it must be a mapping with at least `name`.")
    if read.get("version", 1) != 1:
        raise ToolError(f"{where} has version {read['version']!r}; this Opsmith reads version 1.")
    known = {f.name for f in dataclasses.fields(Monitor)} - {"metric", "threshold"}
    strange = sorted(set(map(str, read)) - known - {"version"})
    if strange:
        near = paths.nearest(strange[0], sorted(known))
        raise ToolError(
            f"{where} has an entry {strange[0]!r} that is not known." + (f" Did you mean {near[0]}?" if near else "")
        )
    return checked(Monitor(**{k: _shaped(k, v, where) for k, v in read.items() if k != "version" and v is not None}))


def checked(monitor: Monitor) -> Monitor:
    """The same monitor with its values made regular; ToolError for the first that cannot be used."""
    if monitor.name != named(monitor.name):
        raise ToolError(f"{monitor.name!r} cannot be a monitor's name. {named(monitor.name)!r} could.")
    if monitor.on_breach not in ("tell", "propose_retraining"):
        raise ToolError(f"on_breach is {monitor.on_breach!r}; it can be tell or propose_retraining.")
    wrong = [c for c in monitor.checks if c not in CHECKS]
    if wrong or not monitor.checks:
        raise ToolError(f"checks has {wrong or 'nothing'}; it can list {', '.join(CHECKS)}.")
    if not monitor.model and not (monitor.reference and monitor.current):
        raise ToolError(f"Monitor {monitor.name} names neither a model nor two tables (reference and current).")
    thresholds = {metric_name(k): float(v) for k, v in monitor.thresholds.items()}
    first = next(iter(thresholds), None)
    return dataclasses.replace(
        monitor, schedule=schedules.parse(monitor.schedule).text, thresholds=thresholds,
        metric=first, threshold=thresholds[first] if first else None,
    )  # fmt: skip


def list_monitors(project: Path) -> list[Monitor]:
    """Every readable monitor of a project, by name; files that cannot be read are told by `problems`."""
    return [m for m, _ in _read_all(project) if m is not None]


def problems(project: Path) -> list[str]:
    """One sentence for each file in monitors/ that describes no monitor."""
    return [told for m, told in _read_all(project) if m is None]


def get(project: Path, name: str) -> Monitor:
    """The monitor of that name; ToolError with the nearest names, or with what is wrong in its file."""
    path = project / file_of(named(name))
    if path.is_file():
        return from_text(path.read_text(encoding="utf-8"), file_of(named(name)))
    known = [m.name for m in list_monitors(project)]
    near = paths.nearest(name, known) or known[:8]
    raise ToolError(f"There is no monitor {name!r}." + (f" There are: {', '.join(near)}." if near else ""))


def _read_all(project: Path) -> list[tuple[Monitor | None, str]]:
    found: list[tuple[Monitor | None, str]] = []
    for path in sorted((project / FOLDER).glob("*.yaml")):
        where = f"{FOLDER}/{path.name}"
        try:
            found.append((from_text(path.read_text(encoding="utf-8"), where), ""))
        except (ToolError, UnicodeDecodeError, OSError) as error:
            found.append((None, str(error) if isinstance(error, ToolError) else f"{where} cannot be read: {error}"))
    return found


def _shaped(name: str, value: Any, where: str) -> Any:
    """A YAML value in the type of its field; ToolError that names the entry."""
    if name in ("columns", "checks"):
        items = [value] if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, (str, int, float)) for item in items):
            return tuple(str(item) for item in items)
    elif name == "thresholds":
        if isinstance(value, dict) and all(_number(v) for v in value.values()):
            return {str(k): float(v) for k, v in value.items()}
    elif name == "enabled":
        if isinstance(value, bool):
            return value
    elif name == "learn_from":
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
    elif name in ("after", "recover", "repeat_hours"):
        if _number(value) and value >= (0 if name == "repeat_hours" else 1):
            return value
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    raise ToolError(f"{where} gives `{name}` a value that cannot be used: {value!r}.")


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
