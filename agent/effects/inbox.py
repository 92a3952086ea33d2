"""Take a file that a person handed over in a chat into the project's inbox; nothing there is ever replaced."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import unicodedata
from pathlib import Path

from opsmith.tools.data.model_files import UPLOADS

FOLDER = UPLOADS


def receive(project: Path, name: str, content: bytes) -> str:
    """Keep the content under a harmless form of its name; the project-relative path. The same content is kept once."""
    folder = project / FOLDER
    folder.mkdir(exist_ok=True)
    safe = harmless(name)
    digest = hashlib.sha256(content).hexdigest()
    stem, dot, ending = safe.partition(".")
    for number in range(1, 1000):
        path = folder / (safe if number == 1 else f"{stem}-{number}{dot}{ending}")
        if path.exists():
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                return f"{FOLDER}/{path.name}"
            continue
        part = folder / f".{secrets.token_hex(6)}.part"
        part.write_bytes(content)
        try:
            os.link(part, path)  # fails when somebody else took the name meanwhile
        except FileExistsError:
            continue
        finally:
            part.unlink()
        return f"{FOLDER}/{path.name}"
    raise OSError(f"the inbox has a thousand files called {safe}")


def harmless(name: str) -> str:
    """A file name of letters, digits, dots, dashes and underscores, at most 80 long.

    >>> harmless("../../etc/Umsätze 2024 (final).CSV")
    'Umsatze_2024_final.csv'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    ascii_only = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_only).strip("._-")
    stem, dot, ending = plain.partition(".")
    stem = stem.strip("._-")[:60] or "file"
    ending = re.sub(r"[._-]{2,}", ".", ending).lower()[-20:]
    return f"{stem}{dot if ending else ''}{ending}"
