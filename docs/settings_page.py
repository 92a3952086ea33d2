"""Write docs/SETTINGS.md from the settings themselves: `python docs/settings_page.py`."""

from __future__ import annotations

from pathlib import Path

from opsmith.agent.settings import SETTINGS

HEAD = """# Settings

One file, `opsmith.toml`, in the project; environment variables override it, flags override both. A dot in a name is a
section of the file. An unknown name or a wrong type is an error that names the nearest setting. `/settings` and
`opsmith doctor` show every value and where it came from. This page is written from the program
(`python docs/settings_page.py`); a test keeps the two alike.

```toml
model = "openai:gpt-4.1-mini"      # the key comes from OPENAI_API_KEY, never from this file
sample_rows = 0                    # send no row of a table to a language model

[approvals]
expires_minutes = 120
allow_write = ["drafts"]           # writing below drafts/ needs no question; deleting, containers, promotion always do
```

Keys and passwords are read from the environment only: `OPENAI_API_KEY`, `SLACK_BOT_TOKEN`, `SLACK_APP_TOKEN`,
`SLACK_SIGNING_SECRET`, `OPSMITH_SMTP_PASSWORD`. What may happen without a question is set in this file alone: no
variable, flag, sentence, model or cell changes `approvals.allow_write` and `approvals.allow_retrain`.

| name | default | environment variable | what it does |
|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{s.name}` | `{s.default!r}` | {'the file only' if s.file_only else f'`{s.variable}`'} | {s.meaning} |"
        for s in SETTINGS
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("SETTINGS.md").write_text(page(), encoding="utf-8")
