"""Terraform folders without Terraform: names that nothing declares, declarations that stand twice, braces, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from opsmith.tools.compute.deployment.checks import secrets
from opsmith.tools.compute.deployment.checks.documents import Tree
from opsmith.tools.compute.deployment.checks.fault import Fault

_BLOCK = re.compile(r'(?m)^\s*(resource|data|module|variable|output|provider)\s+"([\w-]+)"(?:\s+"([\w-]+)")?\s*\{')
_LOCALS = re.compile(r"(?m)^\s*locals\s*\{")
_USE = re.compile(
    r"(?<![\w.\"-])(var|local|module|data)\.([\w-]+)(?:\.([\w-]+))?|(?<![\w.\"-])([a-z][a-z0-9]*_[a-z0-9_]+)\.([A-Za-z_][\w-]*)(?=[.\[])"
)


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of each folder of .tf files; `terraform validate` sees more where it is installed."""
    for folder in tree.terraform:
        texts = {p: p.read_text(encoding="utf-8", errors="replace") for p in sorted((tree.root / folder).glob("*.tf"))}
        yield from _folder(tree.root, {p: _bare(t) for p, t in texts.items()})


def _bare(text: str) -> str:
    """The text with comments and here-documents blanked, its lines kept."""
    text = re.sub(r"<<-?\s*([A-Z_]+)\n.*?\n\s*\1\b", lambda m: '""' + "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    return "\n".join(re.sub(r"(^|\s)(#|//).*", "", line) for line in text.split("\n"))


def _folder(root: Path, texts: dict[Path, str]) -> Iterator[Fault]:
    declared: dict[tuple[str, ...], str] = {}
    locals_: set[str] = set()
    for path, text in texts.items():
        shown = path.relative_to(root).as_posix()
        plain = re.sub(r'"(?:\\.|\$\{[^}]*\}|[^"\\])*"', '""', text)
        if plain.count("{") != plain.count("}"):
            yield Fault(shown, _unclosed(plain), "braces-unbalanced", "A block is not closed, or closed twice.",
                        "give every { its }")  # fmt: skip
        for block in _BLOCK.finditer(text):
            kind, first, second = block.groups()
            key = (kind, first, second) if second else (kind, first)
            if key in declared and kind != "provider":
                yield Fault(shown, _line(text, block.start(1)), "declared-twice", f"{' '.join(key)} is declared twice.",
                            "keep one of them")  # fmt: skip
            declared[key] = shown
            if kind == "variable":
                yield from _default(shown, text, block)
        for block in _LOCALS.finditer(text):
            locals_ |= set(re.findall(r"(?m)^\s*([\w-]+)\s*=(?!=)", _body(text, block.end())))
    for path, text in texts.items():
        yield from _uses(path.relative_to(root).as_posix(), text, declared, locals_)


def _uses(shown: str, text: str, declared: dict[tuple[str, ...], str], locals_: set[str]) -> Iterator[Fault]:
    code = _only_code(text)
    for use in _USE.finditer(code):
        scope, name, more, kind, thing = use.groups()
        missing = (
            (scope == "var" and ("variable", name) not in declared and f"variable {name}")
            or (scope == "local" and name not in locals_ and f"local {name}")
            or (scope == "module" and ("module", name) not in declared and f"module {name}")
            or (scope == "data" and more and ("data", name, more) not in declared and f"data {name}.{more}")
            or (
                kind
                and ("resource", kind, thing) not in declared
                and _is_kind(kind, declared)
                and f"resource {kind}.{thing}"
            )
        )
        if missing:
            group = missing.split()[0]
            known = sorted(".".join(k[1:]) for k in declared if k[0] == group) if group != "local" else sorted(locals_)
            yield Fault(shown, _line(code, use.start()), "undeclared", f"Nothing declares the {missing}.",
                        f"declare it, or use one of: {', '.join(known[:6]) or 'none there'}")  # fmt: skip


def _is_kind(kind: str, declared: dict[tuple[str, ...], str]) -> bool:
    """Whether a word like aws_ecr_repository is a kind of resource: its provider's name begins one that is declared."""
    return any(k[0] in ("resource", "data") and k[1].partition("_")[0] == kind.partition("_")[0] for k in declared)


def _only_code(text: str) -> str:
    """Texts blanked but for what stands in ${...}; as long as before, so that places stay."""

    def blank(found: re.Match[str]) -> str:
        kept = [(m.start(), m.end()) for m in re.finditer(r"\$\{[^}]*\}", found[0])]
        return "".join(
            c if any(a + 2 <= n < b - 1 for a, b in kept) or c == "\n" else " " for n, c in enumerate(found[0])
        )

    return re.sub(r'"(?:\\.|\$\{[^}]*\}|[^"\\])*"', blank, text)


def _default(shown: str, text: str, block: re.Match[str]) -> Iterator[Fault]:
    body = _body(text, block.end())
    value = re.search(r'(?m)^\s*default\s*=\s*"([^"]+)"', body)
    if value and secrets.looks_secret(block[2], value[1]):
        yield Fault(shown, _line(text, block.end() + value.start(1)), "secret-in-env",
                    f"The default of {block[2]} stands here in plain text.", secrets.FIX)  # fmt: skip


def _body(text: str, start: int) -> str:
    depth = 1
    for n in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[n], 0)
        if not depth:
            return text[start:n]
    return text[start:]


def _unclosed(text: str) -> int:
    """The line of the first brace that has no partner."""
    opened: list[int] = []
    for n, char in enumerate(text):
        if char == "{":
            opened.append(n)
        elif char == "}":
            if not opened:
                return _line(text, n)
            opened.pop()
    return _line(text, opened[0]) if opened else 1


def _line(text: str, place: int) -> int:
    return text[:place].count("\n") + 1
