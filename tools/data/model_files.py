"""Model files from elsewhere: what kind they are, without running anything, and which of them are never read at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.table import sha256_of

UPLOADS = "inbox"  # where files land that somebody handed over in a chat
PICKLED = (".pkl", ".pickle", ".joblib")
RISK = (
    "A pickle is a program: reading it can run any code with your rights, such as deleting files or sending your keys away. "
    "Say yes only if you know who made this file and trust them."
)
# what scikit-learn's pickles call besides classes of its own to put arrays and random states together
_HELPERS = {
    ("copyreg", "_reconstructor"), ("builtins", "object"), ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "slice"),
    ("builtins", "bytearray"), ("builtins", "complex"), ("builtins", "range"), ("collections", "OrderedDict"),
    ("collections", "defaultdict"), ("builtins", "dict"), ("builtins", "list"), ("builtins", "int"), ("builtins", "float"),
    ("builtins", "str"), ("builtins", "bool"), ("_codecs", "encode"),
    *((m, n) for core in ("numpy.core", "numpy._core") for m, n in (
        (f"{core}.multiarray", "_reconstruct"), (f"{core}.multiarray", "scalar"), (f"{core}.numeric", "_frombuffer"))),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy", "float64"), ("numpy", "float32"), ("numpy", "int64"), ("numpy", "int32"),
    ("numpy", "bool_"), ("numpy", "str_"), ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("numpy.random._pickle", "__randomstate_ctor"), ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._pickle", "__generator_ctor"), ("numpy.random._mt19937", "MT19937"), ("numpy.random._pcg64", "PCG64"),
    ("numpy.random.mtrand", "RandomState"), ("scipy.sparse._csr", "csr_matrix"), ("scipy.sparse._csr", "csr_array"),
    ("scipy.sparse._csc", "csc_matrix"),
}  # fmt: skip
_FAMILIES = ("sklearn", "lightgbm", "xgboost")


def found(context: Context, name: str) -> tuple[Path, str]:
    """The file and its kind: onnx, skops or pickle. ToolError when it is not there, no model, or a pickle from an upload."""
    path = paths.confined(context, name)
    if not path.is_file():
        raise ToolError(f"There is no file {name}.")
    ending = path.suffix.casefold()
    kind = {".onnx": "onnx", ".skops": "skops"}.get(ending, "pickle" if ending in PICKLED else "")
    if not kind:
        raise ToolError(
            f"{name} is no model file that is read here: .skops, .onnx, or (after a warning) .pkl and .joblib."
        )
    if kind == "pickle" and uploaded(context.project, path):
        raise ToolError(
            f"{name} is a pickle that was handed over in a chat. Such a file can run any code when it is read, so it is never "
            "loaded, whoever says yes. Ask for it as .skops or .onnx."
        )
    return path, kind


def uploaded(project: Path, path: Path) -> bool:
    """Whether a file came through a chat: it lies in the inbox, or is a copy of one that does."""
    inbox = (project / UPLOADS).resolve()
    if path.resolve().is_relative_to(inbox):
        return True
    size = path.stat().st_size
    same = [p for p in inbox.rglob("*") if p.is_file() and p.stat().st_size == size] if inbox.is_dir() else []
    return bool(same) and sha256_of(path) in {sha256_of(p) for p in same}


def unpickled(source: Path, target: Path) -> None:
    """Turn a pickled scikit-learn, LightGBM or XGBoost model into a skops file. For a process of its own: it replaces
    what `pickle` is in it.

    Only after a person's yes. Even then nothing but classes of these libraries and the helpers that put arrays together is
    looked up; every other name ends the reading before anything of it is called. Raises ToolError.
    """
    import pickle
    from io import BytesIO

    import joblib.numpy_pickle as reader
    import skops.io

    def allowed(plain: Any, module: str, name: str) -> Any:
        if (module, name) not in _HELPERS and module.split(".")[0] not in _FAMILIES:
            raise ToolError(f"{source.name} asks for {module}.{name}, which is no part of a model; it is not loaded.")
        value = plain(module, name)
        if (module, name) in _HELPERS or name.startswith("__pyx_unpickle_"):
            return value
        if not isinstance(value, type) or str(value.__module__).split(".")[0] not in _FAMILIES:
            raise ToolError(f"{source.name} asks for {module}.{name}, which is no class of a model; it is not loaded.")
        return value

    class Careful(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            return allowed(super().find_class, module, name)

    def refused(*_: Any, **__: Any) -> Any:
        raise ToolError(f"{source.name} was written by a joblib of before 2016, which is not read.")

    own = reader.NumpyUnpickler.find_class
    reader.NumpyUnpickler.find_class = lambda self, m, n: allowed(lambda *names: own(self, *names), m, n)
    reader.load_compatibility = refused
    # joblib keeps arrays of objects as pickles within the pickle, and reads them with these two
    pickle.load = lambda file, **_: Careful(file).load()  # type: ignore[assignment]
    pickle.loads = lambda data, **_: Careful(BytesIO(data)).load()  # type: ignore[assignment]
    try:
        model = reader.load(source)
    except ToolError:
        raise
    except Exception as error:  # a broken file may provoke anything
        raise ToolError(f"{source.name} is no pickled model ({type(error).__name__}: {str(error)[:120]}).") from None
    if not hasattr(model, "predict"):
        raise ToolError(f"{source.name} holds a {type(model).__name__}, which predicts nothing.")
    skops.io.dump(model, target)


def main(source: str, target: str) -> None:
    """`unpickled` for a process of its own; what it refuses is written to `target`.refused."""
    try:
        unpickled(Path(source), Path(target))
    except ToolError as error:
        Path(f"{target}.refused").write_text(str(error), encoding="utf-8")
