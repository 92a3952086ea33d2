"""Read a YAML document of ours: a mapping with a version and a list of entries, or one sentence about what is wrong."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import ToolError


def read_document(text: str, name: str, kind: str, entries: str, needs: str, version: int) -> dict[str, Any]:
    """The mapping that `text` holds. ToolError when it is no YAML, not of this kind, or of another version.

    name: what the text is called in errors. kind: `cleaning recipe`. entries: the key of its list. needs: its keys in words.
    """
    import yaml

    try:
        plain = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ToolError(f"{name} is not readable YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(plain, dict) or not isinstance(plain.get(entries), list):
        raise ToolError(f"{name} is no {kind}: it needs {needs}.")
    if plain.get("version") != version:
        raise ToolError(f"{name} has version {plain.get('version')!r}; this program reads version {version}.")
    return plain
