"""Every prompt file says its version and its variables, and loads strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith import prompts

FILES = sorted(p.stem for p in Path(prompts.__file__).parent.glob("*.md"))


@pytest.mark.parametrize("name", FILES)
def test_a_prompt_declares_what_it_uses_and_fills_in_whole(name: str) -> None:
    prompt = prompts.read(name)
    assert prompt.version >= 1
    text = prompts.load(name, **{v: f"<{v}>" for v in prompt.variables})
    assert "{{" not in text
    assert all(f"<{v}>" in text for v in prompt.variables)


def test_a_missing_or_unknown_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        prompts.load("system", nonsense="x")
