"""Files in, as data and never as instructions; files out by Slack's external upload."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsmith.agent.effects import inbox
from opsmith.tools.contract import ToolError
from opsmith.tools.data.paths import is_table

SECONDS = 60
MOST_FILES = 5
LARGEST_REPORT = 20_000_000  # bytes of a file sent out


@dataclass(frozen=True)
class Received:
    """A file from Slack: what it was called there and where it lies in the project."""

    name: str
    path: str
    size: int


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The bot token goes to the address that was checked and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def receive(file: Mapping[str, Any], project: Path, token: str, most_mb: int, api: str) -> Received:
    """Download one file of a message into the inbox; ToolError when it may not or cannot be taken.

    file: Slack's file object. token: the bot token. most_mb: the size limit. api: address of the Web API in use.
    """
    name = str(file.get("name") or file.get("title") or "file")
    if file.get("mode") in ("external", "tombstone", "hidden_by_limit"):
        raise ToolError(f"{name} does not lie in Slack itself, so it was not taken. Upload the file.")
    if not is_table(Path(name)):
        raise ToolError(
            f"{name} is no table that can be read here. Upload CSV, TSV, Parquet, JSON lines, Excel or SQLite."
        )
    limit = most_mb * 1_000_000
    if int(file.get("size") or 0) > limit:
        raise ToolError(
            f"{name} is larger than {most_mb} MB (slack.max_file_mb). Put it into the project folder instead."
        )
    address = str(file.get("url_private_download") or file.get("url_private") or "")
    if not _ours(address, api):
        raise ToolError(f"{name} lies at an address that is not Slack's, so it was not taken.")
    content = _download(address, token, limit, name)
    return Received(name, inbox.receive(project, name, content), len(content))


def upload(client: Any, channel: str, root: str, files: Sequence[Mapping[str, Any]]) -> None:
    """Put files into a thread: [{filename, title, content (bytes or text) or file (path), alt_txt?}]."""
    if files:
        client.files_upload_v2(channel=channel, thread_ts=root, file_uploads=[dict(f) for f in files])


def _ours(address: str, api: str) -> bool:
    """Slack's own hosts over https; or the host of another Web API address that was set on purpose."""
    where, home = urllib.parse.urlsplit(address), urllib.parse.urlsplit(api)
    host = where.hostname or ""
    if where.scheme == "https" and (host == "slack.com" or host.endswith((".slack.com", ".slack-edge.com"))):
        return True
    return home.hostname != "slack.com" and (where.scheme, where.netloc) == (home.scheme, home.netloc)


def _download(address: str, token: str, limit: int, name: str) -> bytes:
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}", "User-Agent": "opsmith"})
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            kind = answer.headers.get_content_type()
            content: bytes = answer.read(limit + 1)
    except OSError as error:
        raise ToolError(f"{name} could not be downloaded from Slack: {getattr(error, 'reason', error)}.") from None
    if kind == "text/html":
        raise ToolError(
            f"Slack did not hand out {name}: the app needs the files:read scope. Install it again from the manifest."
        )
    if len(content) > limit:
        raise ToolError(f"{name} is larger than {limit // 1_000_000} MB (slack.max_file_mb).")
    return content
