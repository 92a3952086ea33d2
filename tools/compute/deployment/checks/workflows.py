"""GitHub workflows: jobs and steps that exist, outputs that are set, schedules, secrets in plain sight, scripts beside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from opsmith.tools.compute.deployment.checks import secrets
from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import listed
from opsmith.tools.compute.deployment.checks.workloads import is_cron

_TOKEN = re.compile(r"\b(ghp|gho|ghs|github_pat|glpat|xox[abp])[_-]?[A-Za-z0-9_-]{20,}|\bAKIA[0-9A-Z]{16}\b")


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of workflows."""
    for document in tree.workflows:
        jobs = document.get("jobs", default={})
        for name, job in jobs.items():
            if isinstance(job, dict):
                yield from _job(tree, document, name, job, jobs)
        yield from _schedule(document)
        yield from _texts(document, document.value, ())


def _job(tree: Tree, document: Document, name: str, job: dict[str, Any], jobs: Mapping[str, Any]) -> Iterator[Fault]:
    at = ("jobs", name)
    needs = _needs(job)
    for other in needs:
        if other not in jobs:
            yield Fault(document.path, document.line(*at, "needs"), "job-missing", f"{name} needs {other}, which is no job here.",
                        f"use one of: {', '.join(map(str, jobs))}")  # fmt: skip
    if name in _before(name, jobs):
        yield Fault(document.path, document.line(*at, "needs"), "needs-in-a-circle", f"{name} waits for itself.",
                    "remove one needs of the circle")  # fmt: skip
    if "runs-on" not in job and "uses" not in job:
        yield Fault(document.path, document.line(*at), "runner-missing", f"The job {name} has no runs-on.",
                    "add runs-on: ubuntu-24.04")  # fmt: skip
    ids: set[str] = set()
    every = {str(s["id"]) for s in listed(job, "steps") if isinstance(s, dict) and s.get("id")}
    for n, step in enumerate(listed(job, "steps")):
        if not isinstance(step, dict):
            continue
        here = (*at, "steps", n)
        if step.get("id") in ids and step.get("id"):
            yield Fault(document.path, document.line(*here, "id"), "step-twice", f"Two steps are called {step['id']}.",
                        "give each an id of its own")  # fmt: skip
        ids.add(str(step.get("id")))
        if ("uses" in step) == ("run" in step):
            told = "both uses and run" if "uses" in step else "neither uses nor run"
            yield Fault(
                document.path, document.line(*here), "step-form", f"This step has {told}.", "make it one of them"
            )
        yield from _uses(document, (*here, "uses"), step.get("uses"))
        yield from _script(tree, document, (*here, "run"), step, job)
        yield from secrets.in_mapping(document, (*here, "env"), step.get("env"))
    yield from secrets.in_mapping(document, (*at, "env"), job.get("env"))
    for place, text in _strings(job, at):
        for other, key in re.findall(r"\bneeds\.([\w-]+)\.outputs\.([\w-]+)", text):
            outputs = jobs.get(other, {}).get("outputs") if isinstance(jobs.get(other), dict) else None
            called = isinstance(jobs.get(other), dict) and "uses" in jobs[other]
            if other not in needs:
                yield Fault(
                    document.path,
                    document.line(*place),
                    "need-undeclared",
                    f"{name} reads {other}, but does not need it.",
                    f"add needs: {other}",
                )
            elif not called and key not in (outputs if isinstance(outputs, dict) else {}):
                yield Fault(document.path, document.line(*place), "output-missing", f"The job {other} has no output {key}.",
                            f"use one of: {', '.join(outputs or {}) or 'none there'}")  # fmt: skip
        for step in re.findall(r"\bsteps\.([\w-]+)\.(?:outputs|outcome|conclusion)", text):
            if step not in every:
                yield Fault(document.path, document.line(*place), "step-missing", f"The job {name} has no step {step}.",
                            f"use one of: {', '.join(sorted(every)) or 'none has an id'}")  # fmt: skip


def _needs(job: Any) -> list[str]:
    said = job.get("needs") if isinstance(job, dict) else None
    return [str(n) for n in said] if isinstance(said, list) else [str(said)] if said else []


def _before(name: str, jobs: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = _needs(jobs.get(name))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _needs(jobs.get(one))
    return found


def _uses(document: Document, at: tuple[Any, ...], uses: Any) -> Iterator[Fault]:
    if not isinstance(uses, str) or uses.startswith(("./", "docker://")):
        return
    _, sign, version = uses.partition("@")
    if not sign:
        yield Fault(document.path, document.line(*at), "action-version-missing", f"{uses} has no version; GitHub refuses it.",
                    "add @ and a version, or better a commit")  # fmt: skip
    elif version in ("main", "master", "latest", "HEAD"):
        yield Fault(document.path, document.line(*at), "action-not-pinned", f"{uses} runs whatever is newest.",
                    "name a version, or better a commit", "warning")  # fmt: skip


def _script(
    tree: Tree, document: Document, at: tuple[Any, ...], step: dict[str, Any], job: dict[str, Any]
) -> Iterator[Fault]:
    """A script of the repository that is nearly, but not quite, one that is there."""
    from rapidfuzz import fuzz, process

    text, folder = step.get("run"), tree.root
    if not isinstance(text, str) or step.get("working-directory") or job.get("defaults"):
        return
    for name in re.findall(r"(?m)^\s*(?:bash |sh |source |\. )?\./([\w./-]+\.(?:sh|py|bash))\b", text):
        if not (folder / name).exists():
            near = process.extractOne(name, tree.scripts, scorer=fuzz.ratio, score_cutoff=80)
            if near:
                yield Fault(document.path, document.line(*at), "script-missing", f"This runs {name}, which is not there.",
                            f"run {near[0]}")  # fmt: skip


def _schedule(document: Document) -> Iterator[Fault]:
    when = (
        "on" if "on" in (document.value if isinstance(document.value, dict) else {}) else True
    )  # YAML 1.1 reads on as true
    for n, entry in enumerate(document.get(when, "schedule", default=[])):
        cron = entry.get("cron") if isinstance(entry, dict) else None
        if cron is not None and not is_cron(str(cron)):
            yield Fault(document.path, document.line(when, "schedule", n, "cron"), "schedule-unreadable",
                        f"{str(cron)[:40]!r} is no cron schedule of five fields.", 'write it as "0 6 * * *"')  # fmt: skip


def _texts(document: Document, value: Any, at: tuple[Any, ...]) -> Iterator[Fault]:
    for place, text in _strings(value, at):
        if text.count("${{") != len(re.findall(r"\$\{\{.*?\}\}", text, re.DOTALL)):
            yield Fault(document.path, document.line(*place), "expression-unclosed", "An expression ${{ is not closed.",
                        "close it with }}")  # fmt: skip
        if _TOKEN.search(text):
            yield Fault(document.path, document.line(*place), "secret-in-env", "A token stands here in plain text.",
                        "use ${{ secrets.NAME }}, and take this token back")  # fmt: skip


def _strings(value: Any, at: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield at, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from _strings(inner, (*at, key))
