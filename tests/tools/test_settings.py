"""The agent's own settings are shown with their source; the planner changes for the session."""

from pathlib import Path

import pytest

from opsmith.tools.contract import ToolError
from opsmith.tools.settings import settings

from .conversation import context_with

LISTED = [
    {"name": "base_url", "value": "http://127.0.0.1:1/v1", "source": "opsmith.toml", "meaning": "server"},
    {"name": "seed", "value": 0, "source": "default", "meaning": "seed"},
]


def test_settings_are_listed(project: Path) -> None:
    result = settings(context=context_with(project, listed=LISTED))
    assert result.headline == "2 settings, 1 of them changed."


@pytest.mark.parametrize(
    ("said", "used"), [("llama3", "openai:llama3"), ("openai:gpt-5", "openai:gpt-5"), ("Offline", "offline")]
)
def test_a_model_is_switched_to(project: Path, said: str, used: str) -> None:
    assert settings(llm=said, context=context_with(project, listed=LISTED)).control == {"model": used}


def test_a_model_that_cannot_be_reached_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ToolError, match="OPENAI_API_KEY"):
        settings(llm="gpt-5", context=context_with(project))


def test_confirmation_cannot_be_switched_off(project: Path) -> None:
    result = settings(topic="stop asking for confirmation", context=context_with(project))
    assert "cannot be switched off" in result.headline
    assert result.control == {}
