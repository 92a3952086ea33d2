"""Places outside the project that the `readable` setting opens: folders, object storage and databases, some by a short name.

An entry is a folder, an address, or NAME=ADDRESS: `/data/lake`, `s3://bucket/raw`, `shop=postgresql://ada@db/shop`.
`${VARIABLE}` in an address is taken from the environment, so that no password stands in a file; what is shown has none.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from opsmith.tools.contract import Context, ToolError

DATABASES = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
STORES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az", "abfss": "az"}
_NAMED = re.compile(r"(?P<name>[A-Za-z][\w.-]*)=(?P<address>[A-Za-z][\w+.-]*://.*)", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """A table outside the project. kind: postgresql, mysql, s3, gs or az.

    address: what the setting allows, secrets filled in. part: the table, or the key below the address. shown: without secrets.
    """

    kind: str
    address: str
    part: str
    shown: str


def is_address(name: str) -> bool:
    """Whether a name is written as an address (`s3://…`, `postgresql://…`)."""
    return bool(re.match(r"[A-Za-z][\w+.-]*://", name.strip().strip("`'\"")))


def allowed(context: Context) -> list[tuple[str, str]]:
    """(short name or nothing, address) of every address in the `readable` setting, as written there."""
    found = []
    for entry in context.settings.get("readable") or ():
        named = _NAMED.fullmatch(str(entry).strip())
        if named:
            found.append((named["name"], named["address"]))
        elif is_address(str(entry)):
            found.append(("", str(entry).strip()))
    return found


def place_of(context: Context, name: str) -> Place | None:
    """The place that a name means, None when it is an ordinary file name.

    ToolError when it is an address that the `readable` setting does not open.
    """
    text = name.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "`'\"":
        text = text[1:-1]
    entries = allowed(context)
    short, colon, rest = text.partition(":")
    for own, address in entries:
        if own and colon and own.casefold() == short.casefold() and not rest.startswith("//"):
            return _place(address, rest, f"{own}:{rest}" if rest else own)
        if own and text.casefold() == own.casefold() and not (context.project / text).exists():
            return _place(address, "", own)
    if not is_address(text):
        return None
    for _, address in entries:
        part = _below(address, text)
        if part is not None:
            return _place(address, part, without_secret(text))
    scheme = text.partition("://")[0].lower()
    if scheme not in DATABASES and scheme not in STORES:
        raise ToolError(f"{scheme}:// cannot be opened. Files, s3://, gs://, az://, postgresql:// and mysql:// can.")
    raise ToolError(
        f"{without_secret(text)} lies outside the project, so it is not opened. "
        "List its bucket, folder or database under `readable` in opsmith.toml."
    )


def _place(address: str, part: str, shown: str) -> Place:
    scheme = address.partition("://")[0].lower()
    kind = DATABASES.get(scheme) or STORES.get(scheme)
    if kind is None:
        raise ToolError(f"`readable` lists {without_secret(address)}; {scheme}:// cannot be opened.")
    if kind in ("s3", "gs", "az") and ".." in part.split("/"):
        raise ToolError(f"{shown} is not understood: '..' cannot stand in the name of an object.")
    lacking = [v for v in re.findall(r"\$\{(\w+)\}", address) if v not in os.environ]
    if lacking:
        raise ToolError(f"{shown} needs the environment variable {lacking[0]}, which is not set.")
    filled = re.sub(r"\$\{(\w+)\}", lambda m: _escaped(kind, os.environ[m[1]]), address)
    return Place(kind, filled, part, shown)


def _escaped(kind: str, value: str) -> str:
    from urllib.parse import quote

    return quote(value, safe="") if kind in ("postgresql", "mysql") else value


def _below(address: str, text: str) -> str | None:
    """What follows an allowed address in a text, None when the text is not below it. Users and secrets need not be repeated."""
    one, two = _split(address), _split(text)
    if one is None or two is None or one[:2] != two[:2]:
        return None
    base, path = one[2].strip("/"), two[2].strip("/")
    if one[0] in ("postgresql", "mysql"):
        database, _, table = path.partition(":")
        return table if database == base else None
    if not base or path == base:
        return "" if path == base else path
    return path[len(base) + 1 :] if path.startswith(base + "/") else None


def _split(address: str) -> tuple[str, tuple[Any, ...], str] | None:
    """(kind, host and port, path) of an address, for comparison."""
    try:
        parts = urlsplit(address)
        scheme = parts.scheme.lower()
        kind = DATABASES.get(scheme) or STORES.get(scheme)
        if kind is None:
            return None
        port = parts.port or {"postgresql": 5432, "mysql": 3306}.get(kind)
    except ValueError:
        return None
    return kind, ((parts.hostname or ""), port), unquote(parts.path)


def without_secret(address: str) -> str:
    """An address as it may be shown: no password.

    >>> without_secret("postgresql://ada:secret@db/shop:orders")
    'postgresql://ada@db/shop:orders'
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.partition("://")[0] + "://…"
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query=""))
