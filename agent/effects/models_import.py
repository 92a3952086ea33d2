"""Take a finished model file into the registry: skops and ONNX as they are, a pickle only after a yes to its risk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place, models_elsewhere
from opsmith.agent.effects.models import _made_before, _state, _untrain
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import model_files, registry
from opsmith.tools.data.table import sha256_of

SECONDS = 120  # a pickle that takes longer to read is not read


def _import(arguments: Mapping[str, Any], place: Place) -> Outcome:
    from opsmith.tools.compute.imported_model import described

    card = _made_before(arguments, place)
    if card is None:
        context = Context(place.project, settings=place.settings, progress=place.progress, cancelled=place.cancelled)
        path, kind = model_files.found(context, str(arguments["file"]))
        if sha256_of(path) != arguments["sha256"]:
            raise ToolError(f"{arguments['file']} was changed after the preview; ask again.")
        kept = _from_pickle(path, place.kept) if kind == "pickle" else path
        fields = described(context, arguments, kept) | {"approved_by": place.approved_by}
        card = registry.register(place.project, fields, kept, place.approval_id)
    told = ", ".join(f"{n} {m['value']:.4g}" for n, m in list(card.metrics.items())[:3])
    on = next((m["on"] for m in card.metrics.values()), "")
    message = f"Registered {card.name} version {card.version} from {arguments['file']}: {told}, on {on}."
    data = {"model": card.name, "version": card.version, "metrics": card.metrics}
    undo = {"model": card.name, "version": card.version, "before": None}
    folder = Path(card.folder).relative_to(place.project.resolve()).as_posix()
    return Outcome(message + models_elsewhere.publish(card, place), (folder,), data, undo)


def _from_pickle(path: Path, kept: Path) -> Path:
    """The pickle as a skops file, read in a process of its own that knows none of this one's keys."""
    target = kept / "model.skops"
    refused = Path(f"{target}.refused")
    refused.unlink(missing_ok=True)
    code = "import sys; from opsmith.tools.data.model_files import main; main(sys.argv[1], sys.argv[2])"
    passed = {
        k: v
        for k, v in os.environ.items()
        if k in ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SYSTEMROOT", "VIRTUAL_ENV")
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), str(target)], cwd=kept, env={**passed, "HOME": str(kept)},
            capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ToolError(f"{path.name} took more than {SECONDS} seconds to read; it is not loaded.") from None
    if refused.exists():
        raise ToolError(refused.read_text(encoding="utf-8"))
    if done.returncode or not target.exists():
        raise ToolError(f"{path.name} could not be read: the process that tried ended with code {done.returncode}.")
    return target


EFFECTS = (Effect("import_model", "train", _state, _import, _untrain),)
