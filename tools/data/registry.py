"""The models of a project: `models/NAME/VERSION/` with a manifest and a skops file; aliases champion and challenger.

Registering is one rename, so a version is there whole or not at all. Only `agent/effects` registers and sets aliases.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import sha256_of

VERSION = 1
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
# Types of our own pipelines that skops does not trust by itself; all of them are plain scikit-learn and NumPy parts.
TRUSTED = (
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
    "sklearn.compose._column_transformer._RemainderColsList", "sklearn.utils._bunch.Bunch",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn._loss.link.Interval", "sklearn._loss.link.LogitLink", "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.MultinomialLogit", "sklearn._loss.link.LogLink", "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfSquaredError", "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss.loss.HalfBinomialLoss", "sklearn._loss.loss.HalfSquaredError", "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn.linear_model._ridge._RidgeClassifier", "sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.metrics._dist_metrics.EuclideanDistance64", "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier", "lightgbm.sklearn.LGBMRegressor",
    "xgboost.core.Booster", "xgboost.sklearn.XGBClassifier", "xgboost.sklearn.XGBRegressor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer", "sklearn.preprocessing._label.LabelBinarizer",
    "collections.OrderedDict", "collections.defaultdict", "builtins.bytearray",
    "opsmith.tools.compute.recipe_transformer.RecipeTransformer", "opsmith.tools.compute.training_steps.Shaped",
    "opsmith.tools.compute.training_steps.Coded", "opsmith.tools.compute.features.transformer.FeatureTransformer",
    "sklearn.tree._tree.Tree", "numpy.dtype", "numpy.random._pickle.__generator_ctor",
    "numpy.random._generator.Generator", "numpy.random._pcg64.PCG64", "numpy.random._mt19937.MT19937",
)  # fmt: skip


@dataclass(frozen=True)
class ModelCard:
    """What is known of one version (docs/MODELS.md)."""

    name: str
    version: int
    task: str
    target: str
    signature: list[dict[str, Any]]
    metrics: dict[str, Any]
    data: dict[str, Any]
    parent: int | None = None
    file: dict[str, Any] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    created: str = ""
    approved_by: str = ""
    aliases: list[str] = field(default_factory=list)
    recipe: dict[str, Any] = field(default_factory=dict)  # how it was trained, enough to train it again
    classes: list[Any] = field(default_factory=list)
    threshold: float | None = None
    validation: dict[str, Any] = field(default_factory=dict)  # split, folds, why, metric
    baselines: dict[str, float] = field(default_factory=dict)
    importance: list[Any] = field(default_factory=list)  # [column, loss of the metric without it]
    insights: list[str] = field(default_factory=list)
    comparison: dict[str, Any] = field(default_factory=dict)  # with the champion of its time, on rows held out
    fingerprint: str = ""
    approval_id: str = ""
    folder: str = ""

    @property
    def algorithm(self) -> str:
        """The kind of model in words: `gradient boosting`, or what a blend is the mean of."""
        members = dict(self.recipe.get("parameters") or {}).get("members")
        if members:
            return "the mean of " + " and ".join(str(m).replace("_", " ") for m in members)
        return str(self.recipe.get("algorithm") or "").replace("_", " ")

    @property
    def model_file(self) -> Path:
        """The model file."""
        return Path(self.folder) / f"model.{self.file.get('format', 'skops')}"


def check_name(name: str) -> str:
    """The name if a folder and a label may be called so; ToolError otherwise."""
    if not NAME.fullmatch(name):
        raise ToolError(f"{name!r} cannot name a model: use letters, digits, dot, dash and underscore (at most 64).")
    return name


def list_models(project: Path) -> list[ModelCard]:
    """The champion (else newest version) of every model, by name."""
    folder = project / "models"
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and NAME.fullmatch(p.name)) if folder.is_dir() else []
    return [get(project, n) for n in names if versions(project, n)]


def versions(project: Path, name: str) -> list[ModelCard]:
    """Every version of a model, oldest first; [] when there is none."""
    folder = project / "models" / name
    if not NAME.fullmatch(name) or not folder.is_dir():
        return []
    aliases = _aliases(folder)
    found = []
    for path in folder.iterdir():
        manifest = path / "manifest.json"
        if path.name.isdigit() and manifest.is_file():
            found.append(_card(manifest, project, aliases))
    return sorted(found, key=lambda c: c.version)


def get(project: Path, name: str, version: int | str | None = None) -> ModelCard:
    """One version: by number, by alias, or the champion (else the newest). ToolError with the nearest names."""
    every = versions(project, name)
    if not every:
        import difflib

        folder = project / "models"
        names = (
            [p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")] if folder.is_dir() else []
        )
        near = difflib.get_close_matches(name, names, 3, 0.4)
        hint = (
            f" Nearest: {', '.join(near)}."
            if near
            else (f" There are: {', '.join(sorted(names)[:8])}." if names else " None is registered yet.")
        )
        raise ToolError(f"There is no model {name!r}.{hint}")
    if version is None:
        return next((c for c in every if "champion" in c.aliases), every[-1])
    for card in every:
        if str(version) in (str(card.version), *card.aliases):
            return card
    raise ToolError(f"{name} has no version {version}. It has: {', '.join(str(c.version) for c in every)}.")


def register(
    project: Path, fields: Mapping[str, Any], model_file: Path, approval_id: str, beside: Mapping[str, Path] = {}
) -> ModelCard:
    """Add a version from a manifest's fields and a finished model file. Called again for the same approval, it finds
    the version that is already there. beside: name -> file to keep with it, such as report.html."""
    name = check_name(str(fields["name"]))
    folder = project / "models" / name
    known = next((c for c in versions(project, name) if c.approval_id == approval_id), None)
    if known:
        return known
    number = int(fields.get("version") or max((c.version for c in versions(project, name)), default=0) + 1)
    staging = project / "models" / f".{name}-{approval_id}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    ending = model_file.suffix.lstrip(".") or "skops"
    target = staging / f"model.{ending}"
    shutil.copyfile(model_file, target)
    for kept, path in beside.items():
        shutil.copyfile(path, staging / kept)
    manifest = {
        "format_version": VERSION, **{k: v for k, v in fields.items() if k != "aliases"}, "name": name, "version": number,
        "file": {"format": ending, "sha256": sha256_of(target)}, "libraries": _libraries(),
        "created": fields.get("created") or datetime.now(UTC).isoformat(timespec="seconds"), "approval_id": approval_id,
    }  # fmt: skip
    written = staging / "manifest.json"
    with written.open("w", encoding="utf-8") as out:
        json.dump(manifest, out, indent=1, ensure_ascii=False, default=str)
        out.flush()
        os.fsync(out.fileno())
    folder.mkdir(parents=True, exist_ok=True)
    staging.rename(folder / str(number))
    if len(versions(project, name)) == 1:
        set_alias(project, name, "champion", number)
    return get(project, name, number)


def set_alias(project: Path, name: str, alias: str, version: int | None) -> None:
    """Point an alias at a version, or take it away with None; one atomic replace."""
    folder = project / "models" / name
    aliases = _aliases(folder)
    if version is None:
        aliases.pop(alias, None)
    else:
        get(project, name, version)
        aliases = {a: v for a, v in aliases.items() if v != version or a == alias} | {alias: version}
    part = folder / ".aliases.part"
    part.write_text(json.dumps(aliases))
    part.replace(folder / "aliases.json")


def aliases_of(project: Path, name: str) -> dict[str, int]:
    """alias -> version."""
    return _aliases(project / "models" / name)


def remove(project: Path, name: str, version: int) -> None:
    """Take one version away (undo of a registration)."""
    folder = project / "models" / name
    for alias, number in list(_aliases(folder).items()):
        if number == version:
            set_alias(project, name, alias, None)
    shutil.rmtree(folder / str(version), ignore_errors=True)
    if not any(p.name.isdigit() for p in folder.iterdir()):
        shutil.rmtree(folder)


def load(card: ModelCard) -> Any:
    """The fitted pipeline. Checked against the manifest's sha256; only known types are built; a pickle is never read."""
    path = card.model_file
    if path.suffix not in (".skops", ".onnx"):
        raise ToolError(f"{card.name} version {card.version} is stored as {path.suffix}, which is not loaded here.")
    if sha256_of(path) != card.file.get("sha256"):
        raise ToolError(
            f"The file of {card.name} version {card.version} is not the one that was registered; it is not loaded."
        )
    if path.suffix == ".onnx":
        from opsmith.tools.data.onnx_model import OnnxModel

        return OnnxModel(path, card.classes)
    return load_file(path)


def load_file(path: Path) -> Any:
    """A skops file made of trusted parts only; ToolError that names the others."""
    import skops.io

    try:
        unknown = [t for t in skops.io.get_untrusted_types(file=path) if t not in TRUSTED]
        if unknown:
            raise ToolError(
                f"{path.name} holds parts that are not trusted ({', '.join(unknown[:3])}), so it is not loaded."
            )
        return skops.io.load(path, trusted=list(TRUSTED))
    except ToolError:
        raise
    except Exception as error:  # skops raises whatever the broken file provokes
        raise ToolError(f"{path.name} is no skops model file ({type(error).__name__}), so it is not loaded.") from None


def difference(a: ModelCard, b: ModelCard) -> list[tuple[str, Any, Any]]:
    """What changed from one version to another: (what, before, after); data and figures first, then how it was made."""
    pairs = [(f"data {k}", a.data.get(k), b.data.get(k)) for k in ("rows", "from", "to")]
    pairs.insert(0, ("trained on", a.data.get("path"), b.data.get("path")))
    if a.data.get("path") == b.data.get("path") and a.data.get("sha256") != b.data.get("sha256"):
        before, after = (f"sha256 {str(c.data.get('sha256'))[:12]}…" for c in (a, b))
        pairs.append(("content of the file", before, after))
    pairs += [
        (f"metric {m}", _metric(a, m), _metric(b, m))
        for m in [*a.metrics, *(m for m in b.metrics if m not in a.metrics)]
    ]
    first, second = ({str(e["column"]) for e in c.signature} for c in (a, b))
    pairs.append(("inputs", sorted(first - second), sorted(second - first)))
    apart = ("dataset", "sha256", *_STEPS)
    pairs += [(k, a.recipe.get(k), b.recipe.get(k)) for k in sorted({*a.recipe, *b.recipe}) if k not in apart]
    pairs += [(told, _steps(a, k), _steps(b, k)) for k, told in _STEPS.items()]
    pairs.append(("threshold", a.threshold, b.threshold))
    pairs += [(k, a.libraries.get(k), b.libraries.get(k)) for k in sorted({*a.libraries, *b.libraries})]
    pairs.append(("approved by", a.approved_by, b.approved_by))
    return [p for p in pairs if p[1] != p[2]]


_STEPS = {"cleaning": "cleaning recipe", "features": "feature set"}


def _steps(card: ModelCard, name: str) -> str:
    """The names of the steps or features in a recipe's YAML, with a few letters that tell its versions apart."""
    import hashlib

    import yaml

    text = str(card.recipe.get(name) or "")
    if not text:
        return ""
    read = yaml.safe_load(text)
    parts = read.get("steps") or read.get("features") or [] if isinstance(read, Mapping) else []
    names = [str(p.get("step") or p.get("name") or "?") for p in parts if isinstance(p, Mapping)]
    return f"{', '.join(names)} ({hashlib.sha256(text.encode()).hexdigest()[:6]})"


def _metric(card: ModelCard, name: str) -> Any:
    value = card.metrics.get(name)
    return value.get("value") if isinstance(value, Mapping) else value


def _aliases(folder: Path) -> dict[str, int]:
    try:
        return dict(json.loads((folder / "aliases.json").read_text()))
    except (OSError, ValueError):
        return {}


def _card(manifest: Path, project: Path, aliases: Mapping[str, int]) -> ModelCard:
    read = json.loads(manifest.read_text(encoding="utf-8"))
    known = {f.name for f in dataclasses.fields(ModelCard)}
    fields = {k: v for k, v in read.items() if k in known}
    fields["aliases"] = sorted(a for a, v in aliases.items() if v == read["version"])
    fields["folder"] = str(manifest.parent)
    return ModelCard(**fields)


def _libraries() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("scikit-learn", "numpy", "pandas", "skops"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
