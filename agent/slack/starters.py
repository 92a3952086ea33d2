"""Sentences to start with, made of what lies in the project, shown when a person opens the conversation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from opsmith.agent.slack.view import prompts
from opsmith.tools.data.paths import tables

if TYPE_CHECKING:
    from opsmith.agent.slack.turn import World

log = logging.getLogger(__name__)


def suggest(world: World, channel: str) -> None:
    """Set the suggested prompts of a direct conversation. Never fatal."""
    from slack_sdk.errors import SlackApiError

    models = sorted(p.name for p in (world.project / "models").glob("*") if p.is_dir())
    found = sorted(tables(world.project, 20), key=lambda name: (name.count("/"), name))
    try:
        world.client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, title="What shall we look at?", prompts=prompts(found, models)
        )
    except SlackApiError as error:
        log.info("prompts could not be suggested: %s", error.response.get("error"))
