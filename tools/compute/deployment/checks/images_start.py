"""Dockerfiles, second part: how the image starts, who it runs as, and instructions that do not do what they seem to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from opsmith.tools.compute.deployment.checks import images
from opsmith.tools.compute.deployment.checks.documents import Instruction, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault

_WORDS = ("FROM", "RUN", "CMD", "LABEL", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER", "WORKDIR", "ARG",
          "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL", "MAINTAINER")  # fmt: skip
_LEAN = re.compile(r"(?:^|/)(?:python|node):[\w.-]*slim|distroless|(?:^|/)debian:[\w.-]*slim")


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of every Dockerfile that show when the image is built or started."""
    for path, lines in tree.dockerfiles.items():
        yield from _instructions(path, lines)
        yield from _bases(path, lines)
        yield from _start(tree, path, lines)
        yield from _health(path, lines)
        yield from _ignored(tree, path, lines)


def _instructions(path: str, lines: list[Instruction]) -> Iterator[Fault]:
    for line in lines:
        if line.word not in _WORDS and not line.word.startswith("<<"):
            near = next((w for w in _WORDS if _close(w, line.word)), "")
            yield Fault(path, line.line, "instruction-unknown", f"There is no instruction {line.word[:30]}.",
                        f"write {near}" if near else "use RUN, COPY, ENV, CMD and the like")  # fmt: skip
        if line.word == "COPY" and "<<" not in line.rest and not line.rest.startswith("["):
            words = [w for w in line.rest.split() if not w.startswith("--")]
            if len(words) > 2 and not words[-1].endswith(("/", ".")):
                yield Fault(
                    path,
                    line.line,
                    "copy-needs-folder",
                    f"COPY of {len(words) - 1} sources needs a folder, not {words[-1]}.",
                    f"write {words[-1]}/",
                )
    for word in ("CMD", "ENTRYPOINT"):
        told = [line for line in images.last_stage(lines) if line.word == word]
        if len(told) > 1:
            yield Fault(path, told[0].line, "instruction-twice", f"{word} stands {len(told)} times; only the last one counts.",
                        f"keep one {word}", "warning")  # fmt: skip


def _close(word: str, other: str) -> bool:
    from rapidfuzz.distance import DamerauLevenshtein

    return DamerauLevenshtein.distance(word, other, score_cutoff=2) <= min(2, len(word) // 2)


def _bases(path: str, lines: list[Instruction]) -> Iterator[Fault]:
    """Bases that move, and build arguments in FROM that nothing sets."""
    stages: set[str] = set()
    arguments: dict[str, str] = {}
    for line in lines:
        if line.word == "ARG" and not stages:
            name, sign, value = line.rest.partition("=")
            arguments[name.strip()] = value if sign else ""
        if line.word != "FROM":
            continue
        words = [w for w in line.rest.split() if not w.startswith("--")]
        base = words[0] if words else ""
        for name in re.findall(r"\$\{?(\w+)\}?(?!:-)", base):
            if name not in arguments and f"{name}:-" not in base:
                yield Fault(path, line.line, "argument-undefined", f"FROM uses ${name}, which no ARG before it sets.",
                            f"add ARG {name}=... above the first FROM")  # fmt: skip
        tag = base.rpartition("/")[2].partition(":")[2]
        if (
            base.lower() not in stages
            and base != "scratch"
            and "@" not in base
            and "$" not in base
            and tag in ("", "latest")
        ):
            yield Fault(path, line.line, "image-not-pinned", f"{base} means whatever is newest when the image is built.",
                        "name a version, or better a digest", "warning")  # fmt: skip
        stages.add((words[-1] if len(words) >= 3 and words[-2].upper() == "AS" else f"#{len(stages)}").lower())


def _start(tree: Tree, path: str, lines: list[Instruction]) -> Iterator[Fault]:
    last = images.last_stage(lines)
    folder = (tree.root / path).parent
    copied: list[str] = []
    whole = absent = False  # absent: a COPY takes what is not there, which is told elsewhere
    root = True
    work = next((step.rest.strip() for step in reversed(last) if step.word == "WORKDIR"), "/")
    for line in last:
        if line.word == "USER":
            root = line.rest.partition(":")[0] in ("root", "0")
        if (
            line.word == "RUN"
            and not root
            and re.search(r"\b(apt-get|apt|apk|yum|dnf|microdnf)\s+(-\S+\s+)*(install|update|add)", line.rest)
        ):
            yield Fault(path, line.line, "install-as-user", "Packages cannot be installed once USER is not root.",
                        "move this RUN above USER")  # fmt: skip
        if line.word in ("COPY", "ADD"):
            words = [w.strip("[],\"'") for w in line.rest.split() if not w.startswith("--")]
            inner = "--from=" in line.rest and work.startswith(words[-1].rstrip("/"))
            whole = whole or inner or any((folder / w).is_dir() or "*" in w or w == "." for w in words[:-1])
            absent = absent or not ("--from=" in line.rest or all((folder / w).exists() for w in words[:-1]))
            copied += [w.rpartition("/")[2] for w in words]
    for line in last:
        if line.word not in ("CMD", "ENTRYPOINT"):
            continue
        if not line.rest.startswith("["):
            if not line.rest.startswith("exec ") and not re.search(r"[$|&;]", line.rest):
                yield Fault(
                    path,
                    line.line,
                    "shell-form",
                    f"{line.word} in shell form: a shell gets the signal to stop, the service is killed after the grace period.",
                    f"write {line.word} {json.dumps(line.rest.split())}",
                    "warning",
                )
            words = line.rest.split()
        else:
            try:
                words = [str(w) for w in json.loads(line.rest)]
            except ValueError:
                yield Fault(
                    path,
                    line.line,
                    "exec-form-unreadable",
                    f"{line.word} is no JSON list, so a shell is given it as text.",
                    "use double quotes and commas",
                )
                continue
        script = (
            next((w for w in words[1:] if re.fullmatch(r"[\w./-]+\.py", w)), None)
            if words and "python" in words[0]
            else None
        )
        only_files = copied and not whole and not any(s.word == "RUN" and "git clone" in s.rest for s in last)
        if script and only_files and not absent and script.rpartition("/")[2] not in copied:
            yield Fault(
                path,
                line.line,
                "start-file-missing",
                f"{line.word} starts {script}, which no COPY brings into the image.",
                f"copy {script}, or start one of: {', '.join(c for c in copied if c.endswith('.py')) or 'what is there'}",
            )
    user = images.user(lines)
    if not user and any(line.word in ("CMD", "ENTRYPOINT") for line in last) and _is_service(lines):
        start = next(line for line in last if line.word in ("CMD", "ENTRYPOINT"))
        yield Fault(path, start.line, "user-is-root", "Nothing says who the image runs as, so it is root.",
                    "add USER 10001:10001 above it", "warning")  # fmt: skip
    elif user and user[0] in ("root", "0"):
        yield Fault(path, user[1], "user-is-root", "The image runs as root.", "end with USER 10001:10001", "warning")


def _is_service(lines: list[Instruction]) -> bool:
    """Whether the image listens and its base runs as root unless told otherwise."""
    base = images.last_stage(lines)[0].rest if images.last_stage(lines) else ""
    return bool(images.exposed(lines)) and bool(
        re.match(r"(--\S+\s+)?(docker\.io/)?(library/)?(python|node|debian|ubuntu):", base)
    )


def _health(path: str, lines: list[Instruction]) -> Iterator[Fault]:
    last = images.last_stage(lines)
    base = last[0].rest if last else ""
    for line in last:
        tool = re.search(r"\bCMD\b\W*(curl|wget|nc)\b", line.rest) if line.word == "HEALTHCHECK" else None
        if tool and _LEAN.search(base) and not any(tool[1] in s.rest for s in last if s.word in ("RUN", "COPY")):
            yield Fault(path, line.line, "health-tool-missing",
                        f"The health check calls {tool[1]}, which {base.split()[0]} does not have.",
                        "use what is there, such as python -c, or install it")  # fmt: skip


def _ignored(tree: Tree, path: str, lines: list[Instruction]) -> Iterator[Fault]:
    """COPY of what .dockerignore leaves out. Patterns as Docker reads them; the last one that fits decides."""
    folder = (tree.root / path).parent
    file = folder / ".dockerignore"
    if not file.is_file():
        return
    rules = [r.strip() for r in file.read_text(errors="replace").splitlines() if r.strip() and not r.startswith("#")]
    for line in lines:
        if line.word != "COPY" or "--from=" in line.rest or "<<" in line.rest:
            continue
        for word in [w.strip("[],\"'") for w in line.rest.split() if not w.startswith("--")][:-1]:
            source = word.removeprefix("./").rstrip("/")
            if not source or re.search(r"[*?$\[]", source) or source == "." or not (folder / source).is_file():
                continue
            out = False
            for rule in rules:
                plain = rule.lstrip("!").strip("/").removeprefix("./")
                if _fits(source, plain):
                    out = not rule.startswith("!")
            if out:
                yield Fault(path, line.line, "copy-ignored", f"COPY takes {source}, which .dockerignore leaves out.",
                            f"add !{source} to .dockerignore")  # fmt: skip


def _fits(source: str, rule: str) -> bool:
    parts = source.split("/")
    starts = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    if rule.startswith("**/"):
        return any(fnmatch("/".join(parts[n:]), rule[3:]) for n in range(len(parts)))
    return any(fnmatch(s, rule) and s.count("/") == rule.count("/") for s in starts)
