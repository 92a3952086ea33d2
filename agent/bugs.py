"""A bug of ours reaches nobody as a traceback: it is kept in a file and named in one line."""

from __future__ import annotations

import traceback
from pathlib import Path

from opsmith.memory.redaction import mask


def record_bug(home: Path, error: BaseException) -> str:
    """Append the traceback, secrets masked, to .opsmith/errors.log; a short text that names error and file."""
    with (home / "errors.log").open("a", encoding="utf-8") as log:
        log.write(mask("".join(traceback.format_exception(error))) + "\n")
    return f"{type(error).__name__}, details in .opsmith/errors.log"
