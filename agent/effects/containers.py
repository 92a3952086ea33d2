"""Build a model's image, prove it by running and loading it, and keep what was measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place
from opsmith.tools.contract import Cancelled, ToolError
from opsmith.tools.data import registry

BUILT = 0.4  # share of the progress that building takes


def _state(arguments: Mapping[str, Any], project: Path) -> str:
    """The model's file and, where they exist, the deployment files that would be built."""
    card = registry.get(project, str(arguments["model"]), arguments["version"])
    lines = [str(card.file.get("sha256"))]
    folder = arguments.get("folder")
    if folder:
        lines += [f"{n} {hashlib.sha256(c).hexdigest()}" for n, c in sorted(folder_files(project / folder).items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def folder_files(folder: Path) -> dict[str, bytes]:
    """What the builder would be sent of a deployment folder, by its .dockerignore."""
    from docker.utils.build import exclude_paths

    ignore = folder / ".dockerignore"
    patterns = [line.strip() for line in ignore.read_text().splitlines()] if ignore.is_file() else []
    patterns = [p for p in patterns if p and not p.startswith("#")]
    names = exclude_paths(str(folder), patterns, dockerfile="Dockerfile")
    return {Path(n).as_posix(): (folder / n).read_bytes() for n in names if (folder / n).is_file()}


def _build(arguments: Mapping[str, Any], place: Place) -> Outcome:
    from opsmith.agent.effects import container_image, container_run
    from opsmith.tools.compute.deployment import engine

    card = registry.get(place.project, str(arguments["model"]), arguments["version"])
    try:
        client = engine.connect(timeout=600)
    except engine.NoEngine as error:
        raise ToolError(str(error)) from None
    reference = str(arguments["image"])
    try:
        container_run.clear(client, place.approval_id)
        before = _tagged(client, reference)
        image, log = container_image.build_image(client, _context(arguments, card, place), reference,
                                                 f"{card.name}:{card.version}", place, BUILT)  # fmt: skip
        undo = {"image": image, "reference": reference, "before": before}
        told = f"Built {reference} ({client.images.get(image).attrs['Size'] / 1e6:,.0f} MB)"
        paths = (log.relative_to(place.project).as_posix(),)
        if not arguments.get("prove", True):
            return Outcome(f"{told}. It was not run.", paths, {"image": image, "reference": reference}, undo)
        return _proved(client, arguments, card, place, told, paths, undo)
    except OSError as error:  # what docker and its transport raise
        raise ToolError(f"The Docker engine refused: {str(error).splitlines()[0][:300]}") from None
    finally:
        try:
            container_run.clear(client, place.approval_id)
        finally:
            client.close()


def _proved(
    client: Any,
    arguments: Mapping[str, Any],
    card: registry.ModelCard,
    place: Place,
    told: str,
    paths: tuple[str, ...],
    undo: Mapping[str, Any],
) -> Outcome:
    from opsmith.agent.effects.container_proof import Wanted, prove
    from opsmith.tools.compute.deployment import proof_report, sizing

    def check() -> None:
        if place.cancelled():
            raise Cancelled

    wanted = Wanted(
        card, str(undo["image"]), place.approval_id, int(arguments["port"]), float(arguments["latency_ms"]),
        float(arguments["seconds"]), arguments.get("rate"), arguments.get("cpu"), arguments.get("memory"),
        bool(arguments.get("edge")),
    )  # fmt: skip
    try:
        proof = prove(client, wanted, place.project, lambda f, n: place.progress(BUILT + (1 - BUILT) * f, n), check)
    except ToolError:
        _untag(undo, client)
        raise
    facts = {"proof_version": 1, "model": card.name, "version": card.version, "image": undo["image"],
             "reference": undo["reference"], "at": datetime.now(UTC).isoformat(timespec="seconds"),
             **proof.as_dict()}  # fmt: skip
    report = place.home / "reports" / f"build-{card.name}-{card.version}.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(proof_report.page(facts), encoding="utf-8")
    target = sizing.proof_file(place.project, card.name, card.version)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text(json.dumps(facts, indent=1, default=str), encoding="utf-8")
    part.replace(target)
    place.progress(1.0, "finished")
    names = (*paths, report.relative_to(place.project).as_posix())
    return Outcome(
        f"{told} and proved it: {proof_report.sentence(facts)}", names, facts, {**undo, "proof": target.name}
    )


def _context(arguments: Mapping[str, Any], card: registry.ModelCard, place: Place) -> dict[str, bytes]:
    """The files to build from: the project's own deployment folder, else the generated ones."""
    from types import SimpleNamespace

    from opsmith.tools.compute.deployment.service import service_files

    if arguments.get("folder"):
        return folder_files(place.project / str(arguments["folder"]))
    plan: Any = SimpleNamespace(port=int(arguments["port"]), image_reference=str(arguments["image"]))
    return service_files(card, plan, place.project)


def _tagged(client: Any, reference: str) -> str | None:
    """The id of the image that has the tag now."""
    import docker.errors

    try:
        return str(client.images.get(reference).id)
    except docker.errors.ImageNotFound:
        return None


def _untag(undo: Mapping[str, Any], client: Any) -> bool:
    """Take the tag away from our image, and give it back to the one before; False when it has moved on."""
    import docker.errors

    reference, before = str(undo["reference"]), undo.get("before")
    if _tagged(client, reference) != undo["image"]:
        return False
    if before == undo["image"]:
        return True
    client.images.remove(reference)
    if before:
        try:
            client.images.get(before).tag(*reference.rsplit(":", 1))
        except docker.errors.ImageNotFound:
            return True  # it was removed meanwhile
    return True


def _unbuild(undo: Mapping[str, Any], place: Place) -> str:
    from opsmith.tools.compute.deployment import engine

    try:
        client = engine.connect()
    except engine.NoEngine as error:
        raise ToolError(str(error)) from None
    try:
        if not _untag(undo, client):
            raise ToolError(f"{undo['reference']} is another image now, so it is left as it is.")
    finally:
        client.close()
    if undo.get("proof"):
        (place.home / "proofs" / str(undo["proof"])).unlink(missing_ok=True)
    return f"Took the image {undo['reference']} and its measurement away."


EFFECTS = (Effect("build_container", "container", _state, _build, _unbuild),)
