"""Kustomize: every file and patch that is listed is there, and every file that is there is listed."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of kustomization files."""
    for document in tree.kustomizations:
        for key in ("resources", "bases", "components"):
            for number, name in enumerate(document.get(key, default=[])):
                yield from _there(tree, document, (key, number), name)
        for number, patch in enumerate(document.get("patches", default=[])):
            if isinstance(patch, dict):
                if patch.get("path"):
                    yield from _there(tree, document, ("patches", number, "path"), patch["path"])
                yield from _target(tree, document, number, patch)
        for key, at in (("patchesStrategicMerge", ()), ("configurations", ())):
            for number, name in enumerate(document.get(key, default=[])):
                if isinstance(name, str) and "\n" not in name:
                    yield from _there(tree, document, (key, number, *at), name)
        yield from _unlisted(tree, document)
        yield from _named(tree, document)


def _there(tree: Tree, document: Document, at: tuple[object, ...], name: object) -> Iterator[Fault]:
    if not isinstance(name, str) or "://" in name or name.startswith(("github.com/", "git@")) or "?ref=" in name:
        return
    folder = (tree.root / document.folder).resolve()
    target = (folder / name).resolve()
    if tree.root.resolve() not in (target, *target.parents):
        return  # outside of what was asked to be checked
    if not target.exists():
        near = sorted(p.name for p in folder.glob("*.y*ml") if p.name != document.path.rpartition("/")[2])[:6]
        yield Fault(document.path, document.line(*at), "kustomize-file-missing", f"{name} is listed here and is not there.",
                    f"correct the name or add the file; beside it are: {', '.join(near) or 'none'}")  # fmt: skip
    elif target.is_dir() and not any(
        (target / n).exists() for n in ("kustomization.yaml", "kustomization.yml", "Kustomization")
    ):
        yield Fault(document.path, document.line(*at), "kustomize-file-missing",
                    f"The folder {name} holds no kustomization.yaml.", "add one that lists its files")  # fmt: skip


def _target(tree: Tree, document: Document, number: int, patch: dict[object, object]) -> Iterator[Fault]:
    """A patch whose target is nowhere makes `kustomize build` fail."""
    target = patch.get("target")
    kind, name = (target.get("kind"), target.get("name")) if isinstance(target, dict) else (None, None)
    if target is None and isinstance(patch.get("patch"), str):
        try:
            inline = yaml.safe_load(str(patch["patch"]))
        except yaml.YAMLError:
            yield Fault(document.path, document.line("patches", number, "patch"), "kustomize-patch-unreadable",
                        "This patch is no YAML.", "correct its indentation")  # fmt: skip
            return
        if isinstance(inline, dict) and isinstance(inline.get("metadata"), dict):
            kind, name = inline.get("kind"), inline["metadata"].get("name")
    if not kind or not name or not tree.objects or any(c in str(name) for c in ".*+|"):
        return
    there = sorted(d.name for d in tree.objects if d.kind == kind)
    if name not in there:
        yield Fault(document.path, document.line("patches", number), "kustomize-patch-lost",
                    f"The patch changes {kind} {name}, which is not in these files.",
                    f"name one that is: {', '.join(there) or 'none of that kind'}")  # fmt: skip


_KEYS = frozenset(
    ["apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "commonLabels", "labels", "commonAnnotations",
     "resources", "bases", "components", "patches", "patchesStrategicMerge", "patchesJson6902", "images", "replicas", "vars",
     "configMapGenerator", "secretGenerator", "generatorOptions", "configurations", "crds", "generators", "transformers",
     "validators", "openapi", "replacements", "helmCharts", "helmGlobals", "helmChartInflationGenerator", "buildMetadata",
     "sortOptions", "inventory"]
)  # fmt: skip


def _named(tree: Tree, document: Document) -> Iterator[Fault]:
    """Keys that Kustomize does not know, files listed twice, replicas of an object that is nowhere."""
    for key in document.value if isinstance(document.value, dict) else ():
        if key not in _KEYS:
            near = next((k for k in _KEYS if str(k).casefold().rstrip("s") == str(key).casefold().rstrip("s")), "")
            yield Fault(document.path, document.line(key), "kustomize-key-unknown", f"Kustomize has no key {key}.",
                        f"write {near}" if near else "remove it")  # fmt: skip
    seen: set[str] = set()
    for number, name in enumerate(document.get("resources", default=[])):
        plain = str(name).removeprefix("./").rstrip("/")
        if plain in seen:
            yield Fault(document.path, document.line("resources", number), "kustomize-file-twice", f"{name} is listed twice.",
                        "list it once")  # fmt: skip
        seen.add(plain)
    scalable = sorted(d.name for d in tree.kinds("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"))
    remote = any(
        "://" in str(n) or "?ref=" in str(n) or str(n).startswith("..") for n in document.get("resources", default=[])
    )
    for number, entry in enumerate(document.get("replicas", default=[])):
        name = entry.get("name") if isinstance(entry, dict) else None
        if scalable and not remote and name not in scalable:
            yield Fault(document.path, document.line("replicas", number), "kustomize-replicas-lost",
                        f"It sets the replicas of {name}, which is not in these files.",
                        f"name one that is: {', '.join(scalable)}")  # fmt: skip


def _unlisted(tree: Tree, document: Document) -> Iterator[Fault]:
    """A manifest beside the kustomization that it does not list is not rolled out."""
    listed = {
        str(n).removeprefix("./")
        for key in ("resources", "patchesStrategicMerge", "components")
        for n in document.get(key, default=[])
    }
    listed |= {
        str(p.get("path")).removeprefix("./") for p in document.get("patches", default=[]) if isinstance(p, dict)
    }
    beside = {d.path.rpartition("/")[2]: d for d in tree.objects if d.folder == document.folder}
    for name in sorted(set(beside) - listed):
        yield Fault(document.path, document.line("resources"), "kustomize-file-unlisted",
                    f"{name} lies beside this file and is not listed, so it is not rolled out.",
                    f"add {name} under resources", "warning")  # fmt: skip
