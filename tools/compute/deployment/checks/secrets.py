"""Secrets in plain sight: names that promise one with a value beside them, and values that look like one. Never quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Document
from opsmith.tools.compute.deployment.checks.fault import Fault

_NAME = re.compile(
    r"(pass(word|wd|phrase)?|pwd|secret|token|api_?key|access_?key|private_?key|credentials?|client_?secret|auth_?key)s?$",
    re.IGNORECASE,
)
_NOT_A_SECRET = re.compile(
    r"(_|-)?(file|path|name|ref|arn|url|uri|ttl|expiry|length|enabled|header|id|type)$", re.IGNORECASE
)
_VALUE = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|sk-[A-Za-z0-9_-]{20,}|"
    r"xox[abpsr]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY-----|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|"
    r"glpat-[\w-]{20}|hf_[A-Za-z0-9]{30,}|AccountKey=[A-Za-z0-9+/=]{40,}"
)
_REFERENCE = re.compile(
    r"^\s*$|\$\{?[\w{(:-]|\$\(|^\s*<.*>\s*$|^\s*\{\{.*\}\}\s*$|^(true|false|yes|no|none|null|\d{1,4})$|^/",
    re.IGNORECASE,
)
FIX = "keep the value in a secret store and refer to it"


def looks_secret(name: str, value: str) -> bool:
    """Whether a name with this value gives a secret away.

    >>> looks_secret("DB_PASSWORD", "hunter2"), looks_secret("DB_PASSWORD_FILE", "/run/x"), looks_secret("TOKEN", "${TOKEN}")
    (True, False, False)
    """
    if _VALUE.search(value):
        return True
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return bool(_NAME.search(plain)) and not _NOT_A_SECRET.search(plain) and not _REFERENCE.search(value)


def in_environment(document: Document, at: tuple[Any, ...], env: Any) -> Iterator[Fault]:
    """Of a list of {name, value}."""
    for number, entry in enumerate(env if isinstance(env, list) else []):
        if (
            isinstance(entry, dict)
            and isinstance(entry.get("value"), str)
            and looks_secret(str(entry.get("name")), entry["value"])
        ):
            yield Fault(document.path, document.line(*at, number, "value"), "secret-in-env",
                        f"The value of {entry.get('name')} stands here in plain text.",
                        "use valueFrom.secretKeyRef and create the Secret outside of these files")  # fmt: skip


def in_mapping(document: Document, at: tuple[Any, ...], values: Any) -> Iterator[Fault]:
    """Of a mapping name -> value."""
    for name, value in (values if isinstance(values, dict) else {}).items():
        if isinstance(value, (str, int)) and not isinstance(value, bool) and looks_secret(str(name), str(value)):
            yield Fault(document.path, document.line(*at, name), "secret-in-env",
                        f"The value of {name} stands here in plain text.", FIX)  # fmt: skip


def in_secret(document: Document) -> Iterator[Fault]:
    """A Secret whose values are in the file (base64 is no protection)."""
    for part in ("stringData", "data"):
        values = document.get(part, default={})
        for name, value in (values if isinstance(values, dict) else {}).items():
            if value and not _REFERENCE.search(str(value)):
                yield Fault(document.path, document.line(part, name), "secret-in-manifest",
                            f"The Secret {document.name} carries the value of {name} in the file.",
                            "leave the Secret out of the files: create it from a secret store (External "
                            "Secrets, Sealed Secrets)")  # fmt: skip
                return


def in_text(path: str, line: int, name: str, value: str) -> Iterator[Fault]:
    """Of one NAME=value of a Dockerfile, an env file or a script."""
    if looks_secret(name, value):
        yield Fault(path, line, "secret-in-env", f"The value of {name} stands here in plain text.", FIX)
