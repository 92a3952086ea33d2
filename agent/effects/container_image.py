"""Build an image with the Docker SDK: the files in, the log streamed, what is left behind removed."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Place
from opsmith.tools.compute.deployment.engine import LABEL, PROOF
from opsmith.tools.contract import Cancelled, ToolError

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")


def build_image(
    client: Any, files: Mapping[str, bytes], reference: str, model: str, place: Place, share: float = 0.5
) -> tuple[str, Path]:
    """Build and tag; the image's id and the log file. Progress goes from 0 to `share`.

    Raises ToolError with the failing step and the last lines of the log, Cancelled when stopped.
    """
    import docker.errors

    log = place.kept / "build.log"
    step, lines, image = "", [], ""
    with log.open("w", encoding="utf-8") as out:
        stream = client.api.build(
            fileobj=_tar(files), custom_context=True, tag=reference, rm=True, forcerm=True, decode=True,
            labels={LABEL: model, PROOF: place.approval_id},
        )  # fmt: skip
        try:
            for part in stream:
                if place.cancelled():
                    raise Cancelled
                text = str(part.get("stream") or part.get("status") or "")
                out.write(text)
                lines += [line for line in text.splitlines() if line.strip()]
                found = _STEP.match(text)
                if found:
                    step = text.strip()
                    place.progress(share * (int(found[1]) - 1) / int(found[2]), found[3].strip()[:80])
                image = str((part.get("aux") or {}).get("ID") or image)
                if "error" in part:
                    raise ToolError(_failed(reference, step, str(part["error"]), lines, log, place))
        except docker.errors.APIError as error:
            raise ToolError(_failed(reference, step, str(error.explanation or error), lines, log, place)) from None
    return image or client.images.get(reference).id, log


def _tar(files: Mapping[str, bytes]) -> io.BytesIO:
    """The context as a tar; readable for everybody, without times, so that the builder's cache holds."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    made.seek(0)
    return made


def _failed(reference: str, step: str, error: str, lines: list[str], log: Path, place: Place) -> str:
    last = " | ".join(line[:160] for line in lines[-3:])
    told = f"Building {reference} failed at {step or 'the start'}: {error.strip()[:300]}"
    if "pull access denied" in error or "manifest unknown" in error or "dial tcp" in error or "lookup " in error:
        told += " The base image is not on this machine and no registry gave it."
    return f"{told} Last lines: {last}. The whole log is {log.relative_to(place.project)}."
