"""Files from Slack: what is taken, from where, and under which name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent.effects import inbox
from opsmith.agent.slack.files import receive
from opsmith.tools.contract import ToolError

from .fake_slack import TOKEN, FakeSlack


def take(slack: FakeSlack, project: Path, most_mb: int = 1, **file: Any) -> str:
    given = {"name": "a.csv", "url_private_download": f"{slack.base}/files/a.csv", **file}
    return receive(given, project, TOKEN, most_mb, slack.api).path


def test_a_table_comes_into_the_inbox_once(slack: FakeSlack, project: Path) -> None:
    slack.files["a.csv"] = b"x,y\n1,2\n"
    assert take(slack, project) == "inbox/a.csv"
    assert take(slack, project) == "inbox/a.csv"
    slack.files["a.csv"] = b"x,y\n3,4\n"
    assert take(slack, project) == "inbox/a-2.csv"
    assert (project / "inbox" / "a.csv").read_bytes() == b"x,y\n1,2\n"
    assert sorted(p.name for p in (project / "inbox").iterdir()) == ["a-2.csv", "a.csv"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({"name": "run.sh"}, "no table"),
        ({"name": "model.pkl"}, "no table"),
        ({"size": 5_000_000}, "larger than 1 MB"),
        ({"mode": "external"}, "does not lie in Slack"),
        ({"url_private_download": "https://evil.example.com/a.csv"}, "not Slack's"),
        ({"url_private_download": "https://slack.com.evil.example.com/a.csv"}, "not Slack's"),
        ({"url_private_download": "http://files.slack.com/a.csv"}, "not Slack's"),
        ({"url_private_download": "file:///etc/passwd"}, "not Slack's"),
        ({"url_private_download": ""}, "not Slack's"),
    ],
)
def test_other_things_are_refused_in_words(slack: FakeSlack, project: Path, file: dict[str, Any], words: str) -> None:
    with pytest.raises(ToolError, match=words):
        take(slack, project, **file)
    assert not (project / "inbox").exists()


def test_a_file_larger_than_it_said_is_refused(slack: FakeSlack, project: Path) -> None:
    slack.files["a.csv"] = b"x" * 1_000_001
    with pytest.raises(ToolError, match="larger than 1 MB"):
        take(slack, project, size=10)


def test_the_token_follows_no_redirect(slack: FakeSlack, project: Path) -> None:
    slack.files["stolen"] = b"a,b\n"
    with pytest.raises(ToolError, match="could not be downloaded"):
        take(slack, project, url_private_download=f"{slack.base}/files/elsewhere")


def test_a_sign_in_page_instead_of_a_file_names_the_scope(slack: FakeSlack, project: Path) -> None:
    with pytest.raises(ToolError, match="files:read"):
        take(slack, project)


@given(st.text(max_size=200))
def test_any_name_becomes_a_harmless_one(name: str) -> None:
    safe = inbox.harmless(name)
    assert 1 <= len(safe) <= 90
    assert "/" not in safe
    assert not safe.startswith((".", "-"))
    assert all(ch.isascii() and (ch.isalnum() or ch in "._-") for ch in safe)
    assert inbox.harmless(safe) == safe
