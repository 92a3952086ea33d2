"""Which chat model plans: the offline planner by default, or any OpenAI-compatible server; and its failures in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

OFFLINE = "offline"


class PlannerFailed(Exception):
    """The language model did not answer; the text says why and what to try."""


def make_planner(name: str, settings: Mapping[str, Any]) -> BaseChatModel:
    """The chat model of that name: `offline` or `openai:MODEL`. ToolError when it cannot be used as set up."""
    if name == OFFLINE:
        from opsmith.agent.offline.planner import OfflinePlanner

        return OfflinePlanner()
    provider, _, model = name.partition(":")
    if provider != "openai" or not model:
        raise ToolError(
            f"{name!r} names no planner. Use `offline`, or `openai:MODEL` with OPENAI_API_KEY (and base_url for another "
            "server, such as Ollama, vLLM, llama.cpp or LM Studio)."
        )
    base_url = settings.get("base_url") or os.environ.get("OPENAI_BASE_URL") or None
    key = os.environ.get("OPENAI_API_KEY") or ("none" if base_url else "")
    if not key:
        raise ToolError(
            f"{name} needs a key: set OPENAI_API_KEY, or base_url for a server of your own, or use `offline`."
        )
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model=model,
        base_url=base_url,
        api_key=SecretStr(key),
        timeout=float(settings.get("timeout_seconds", 60)),
        max_retries=int(settings.get("retries", 3)),
        stream_usage=True,
        temperature=None,
    )


def failure(error: Exception) -> PlannerFailed:
    """One sentence for what a model's client raised."""
    import openai

    status = getattr(error, "status_code", None)
    said = str(getattr(error, "message", "") or error).splitlines()[0][:200] if str(error) else type(error).__name__
    if isinstance(error, openai.AuthenticationError) or status in (401, 403):
        return PlannerFailed(
            f"The model's server refused the key ({status or 401}). Check OPENAI_API_KEY and base_url."
        )
    if isinstance(error, openai.RateLimitError) or status == 429:
        return PlannerFailed(
            "The model's server says too many requests (429), also after several tries. Wait a little."
        )
    if isinstance(error, openai.APITimeoutError):
        return PlannerFailed("The model did not answer in time. Raise timeout_seconds, or try again.")
    if isinstance(error, openai.APIConnectionError):
        return PlannerFailed("The model's server cannot be reached. Check base_url and that the server runs.")
    if isinstance(status, int) and status >= 500:
        return PlannerFailed(f"The model's server failed ({status}), also after several tries.")
    return PlannerFailed(f"The model's server answered with an error: {said}")
