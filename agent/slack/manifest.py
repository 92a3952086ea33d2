"""The app manifest for Slack: one file, and an overlay for the HTTP mode."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def manifest(mode: str) -> dict[str, Any]:
    """The manifest of a mode (socket or http) as plain values."""
    import yaml

    base: dict[str, Any] = yaml.safe_load((HERE / "manifest.yaml").read_text(encoding="utf-8"))
    if mode != "http":
        return base
    return _laid_over(base, yaml.safe_load((HERE / "manifest_http.yaml").read_text(encoding="utf-8")))


def manifest_text(mode: str) -> str:
    """The manifest as YAML, as Slack's form takes it."""
    import yaml

    if mode != "http":
        return (HERE / "manifest.yaml").read_text(encoding="utf-8")
    return yaml.safe_dump(manifest(mode), sort_keys=False, allow_unicode=True, width=200)


def _laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both mappings as one; where both have a value, the second one's."""
    merged = dict(base)
    for name, value in over.items():
        both = isinstance(value, Mapping) and isinstance(base.get(name), Mapping)
        merged[name] = _laid_over(base[name], value) if both else value
    return merged
