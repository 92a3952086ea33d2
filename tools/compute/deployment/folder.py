"""Bring a plan into its folder: what is new, what changes, what a person edited and keeps, what is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsmith.tools.compute.deployment import record as records
from opsmith.tools.compute.deployment.files import files_of
from opsmith.tools.compute.deployment.merging import merge
from opsmith.tools.compute.deployment.plan import DeployPlan, make_plan
from opsmith.tools.compute.deployment.readme import readme
from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard

README = "README.md"


@dataclass(frozen=True)
class LeftOut:
    """A change that was not made: where, why, and what it would have been."""

    path: str
    why: str
    theirs: str = ""
    ours: str = ""


@dataclass
class Draft:
    """What a folder would hold: only files that change are in `files`."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)  # files in which a person's edits were kept
    unchanged: list[str] = field(default_factory=list)


def draft(
    folder: Path,
    project: Path,
    card: ModelCard,
    plan: DeployPlan,
    asked: Mapping[str, Any],
    kinds: Sequence[str],
    whole: bool,
) -> Draft:
    """The files of these kinds brought into the folder, with the record and (for a whole deployment) the README.

    asked: everything a person asked for so far. whole: not one kind of file only.
    """
    before = records.read(folder) or records.Record()
    made = files_of(kinds, plan, card, project, folder)
    draft_ = Draft()
    written = dict(before.files)
    told = dict(before.kinds) | {kind: {"asked": dict(asked), "beside": list(plan.artifacts)} for kind in kinds}
    if whole or (folder / README).exists():
        made["readme"] = {README: readme(plan, list(told)).encode()}
    for kind, files in made.items():
        old: Mapping[str, bytes] | None = None
        for name, ours in files.items():
            path = folder / name
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise ToolError(f"{name} in {folder.name} is a link or a folder, so it is not written over.")
            if name in draft_.files or name in draft_.unchanged:
                continue
            theirs = path.read_bytes() if path.exists() else None
            if theirs == ours:
                draft_.unchanged.append(name)
                written[name] = _sha256(ours)
                continue
            if theirs is None or _sha256(theirs) == before.files.get(name):
                draft_.files[name] = ours
                written[name] = _sha256(ours)
                continue
            if old is None:
                old = _written_before(kind, before, card, project, folder)
            if _bring_in(draft_, name, theirs, ours, old.get(name), before.files.get(name)):
                written[name] = _sha256(ours)
    record = records.Record(asked, told, written, plan.sizing, plan.version)
    text = records.text(plan, record).encode()
    path = folder / records.FILE
    if not path.exists() or path.read_bytes() != text:
        draft_.files[records.FILE] = text
    return draft_


def _bring_in(draft_: Draft, name: str, theirs: bytes, ours: bytes, base: bytes | None, recorded: str | None) -> bool:
    """Merge our change into an edited file; whether our text counts as written from now on."""
    if recorded is None:
        draft_.left_out.append(
            LeftOut(name, "was there before and is not Opsmith's, so it stays as it is", ours=_decoded(ours))
        )
        return False
    if base is None or _sha256(base) != recorded:
        draft_.left_out.append(LeftOut(name, "was edited, and what was written last cannot be made again to merge with",
                                       ours=_decoded(ours)))  # fmt: skip
        return False
    try:
        merged = merge(base.decode(), theirs.decode(), ours.decode())
    except UnicodeDecodeError:
        draft_.left_out.append(LeftOut(name, "was replaced by a person and is no text, so it stays as it is"))
        return False
    draft_.edited.append(name)
    for their_lines, our_lines in merged.left_out:
        draft_.left_out.append(LeftOut(name, "was edited at the very lines that would change", their_lines, our_lines))
    if merged.text.encode() != theirs:
        draft_.files[name] = merged.text.encode()
    return True


def _written_before(
    kind: str, before: records.Record, card: ModelCard, project: Path, folder: Path
) -> Mapping[str, bytes]:
    """What this kind's files were when they were written last, made again from what was asked for then."""
    then = before.kinds.get(kind, {"asked": before.asked, "beside": list(before.kinds)})
    version = before.model_version or card.version
    if version != card.version:
        from opsmith.tools.data import registry

        try:
            card = registry.get(project, card.name, version)
        except ToolError:
            return {}
    plan = make_plan(card.name, version, then["asked"], then["beside"], before.sizing)
    if kind == "readme":
        return {README: readme(plan, list(before.kinds)).encode()}
    return files_of([kind], plan, card, project, folder)[kind]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _decoded(content: bytes) -> str:
    return content.decode(errors="replace")
