"""Dockerfiles: ports, user, sources that are there, stages that exist, secrets that would stay in the image."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from opsmith.tools.compute.deployment.checks import secrets
from opsmith.tools.compute.deployment.checks.documents import Instruction, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of every Dockerfile by itself."""
    for path, lines in tree.dockerfiles.items():
        yield from _ports(path, lines)
        yield from _secrets(path, lines)
        yield from _stages(path, lines)
        yield from _sources(tree, path, lines)


def exposed(lines: list[Instruction]) -> dict[int, int]:
    """Port -> line of every port that the last stage exposes."""
    variables = environment(lines)
    found = {}
    for line in last_stage(lines):
        if line.word == "EXPOSE":
            for word in line.rest.split():
                number = _expanded(word.partition("/")[0], variables)
                if number.isdigit():
                    found[int(number)] = line.line
    return found


def environment(lines: list[Instruction]) -> dict[str, tuple[str, int]]:
    """ENV and ARG of the last stage: name -> (value, line)."""
    found: dict[str, tuple[str, int]] = {}
    for line in last_stage(lines):
        if line.word in ("ENV", "ARG"):
            found |= {name: (value, line.line) for name, value in pairs(line)}
    return found


def pairs(line: Instruction) -> list[tuple[str, str]]:
    """NAME=value pairs of an ENV or ARG instruction, old form included."""
    words = _words(line.rest)
    if line.word == "ENV" and words and "=" not in words[0]:
        return [(words[0], " ".join(words[1:]))]
    return [(name, value) for name, sign, value in (w.partition("=") for w in words) if sign]


def last_stage(lines: list[Instruction]) -> list[Instruction]:
    """The instructions that end up in the image."""
    starts = [n for n, line in enumerate(lines) if line.word == "FROM"]
    return lines[starts[-1] :] if starts else lines


def user(lines: list[Instruction]) -> tuple[str, int] | None:
    """(user, line) that the image runs as; None when nothing says so."""
    users = [line for line in last_stage(lines) if line.word == "USER"]
    return (users[-1].rest.partition(":")[0], users[-1].line) if users else None


def _ports(path: str, lines: list[Instruction]) -> Iterator[Fault]:
    ports = exposed(lines)
    for port, line in ports.items():
        if not 1 <= port <= 65535:
            yield Fault(path, line, "port-out-of-range", f"EXPOSE {port} is no port.", "use a number from 1 to 65535")
    said = environment(lines).get("PORT")
    if said and said[0].isdigit() and ports and int(said[0]) not in ports:
        yield Fault(path, said[1], "port-disagrees", f"PORT is {said[0]}, but the image exposes {_listed(ports)}.",
                    f"set ENV PORT={min(ports)}, or EXPOSE {said[0]}")  # fmt: skip
    for step in last_stage(lines):
        if step.word == "HEALTHCHECK":
            asked = {int(p) for p in re.findall(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})", step.rest)}
            if asked and ports and not asked & set(ports):
                yield Fault(path, step.line, "port-disagrees",
                            f"The health check asks port {_listed(asked)}, but the image exposes {_listed(ports)}.",
                            f"ask port {min(ports)}")  # fmt: skip


def _secrets(path: str, lines: list[Instruction]) -> Iterator[Fault]:
    for line in lines:
        if line.word in ("ENV", "ARG"):
            for name, value in pairs(line):
                yield from secrets.in_text(path, line.line, name, value)
        elif line.word in ("COPY", "ADD"):
            names = [PurePosixPath(w).name for w in _words(line.rest)[:-1]]
            for name in names:
                if name in (".env", "id_rsa", "id_ed25519", ".netrc", ".pypirc", "credentials.json") or name.endswith(
                    ".pem"
                ):
                    yield Fault(path, line.line, "secret-in-image", f"{name} would stay in a layer of the image.",
                                "leave it out; mount it at run time")  # fmt: skip


def _stages(path: str, lines: list[Instruction]) -> Iterator[Fault]:
    names: list[str] = []
    count = 0
    if lines and not any(line.word == "FROM" for line in lines):
        yield Fault(
            path, lines[0].line, "from-missing", "This Dockerfile has no FROM.", "begin with FROM python:3.11-slim"
        )
    for line in lines:
        if line.word == "FROM":
            words = line.rest.split()
            if len(words) >= 3 and words[-2].upper() == "AS":
                names.append(words[-1].lower())
            count += 1
        source = re.search(r"--from=(\S+)", line.rest) if line.word in ("COPY", "ADD") else None
        if source and not source[1].isdigit() and source[1].lower() not in names and not re.search(r"[/:.]", source[1]):
            yield Fault(path, line.line, "stage-missing", f"There is no stage called {source[1]} before this line.",
                        f"use one of: {', '.join(names) or 'none has a name'}")  # fmt: skip
        elif source and source[1].isdigit() and int(source[1]) >= count - 1:
            yield Fault(path, line.line, "stage-missing", f"There is no earlier stage {source[1]}.", "count from 0")


def _sources(tree: Tree, path: str, lines: list[Instruction]) -> Iterator[Fault]:
    """COPY of what is not there; judged only where the Dockerfile lies in the folder it builds from."""
    if "/" in path and any(p.is_file() for p in tree.root.glob("compose*.y*ml")):
        return
    folder = (tree.root / path).parent
    for line in lines:
        if line.word != "COPY" or "--from=" in line.rest or "<<" in line.rest:
            continue
        words = [w for w in _words(line.rest) if not w.startswith("--")]
        for source in words[:-1]:
            plain = source.strip("[],\"'")
            if not plain or re.search(r"[*?$\[]", plain) or plain.startswith("/"):
                continue
            if not (folder / plain).exists():
                yield Fault(path, line.line, "copy-source-missing", f"COPY takes {plain}, which is not beside the Dockerfile.",
                            f"add {plain}, or correct the name")  # fmt: skip


def _expanded(word: str, variables: dict[str, tuple[str, int]]) -> str:
    named = re.fullmatch(r"\$\{?(\w+)(?::-(\w*))?\}?", word)
    if not named:
        return word
    return variables.get(named[1], (named[2] or "", 0))[0]


def _listed(ports: object) -> str:
    return ", ".join(str(p) for p in sorted(ports))  # type: ignore[call-overload]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
