"""Paths stay in the project: links, dots and absolute names are resolved before they are judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths


@pytest.mark.parametrize(
    "name", ["../secret.csv", "/etc/passwd", "a/../../secret.csv", "link.csv", "folder/secret.csv", ""]
)
def test_what_leads_out_is_refused(name: str, project: Path) -> None:
    outside = project.parent / "secret.csv"
    outside.write_text("a\n1\n")
    (project / "link.csv").symlink_to(outside)
    (project / "folder").symlink_to(project.parent)
    with pytest.raises(ToolError):
        paths.confined(Context(project), name)


def test_a_folder_that_the_settings_allow_may_be_read(project: Path) -> None:
    other = project.parent / "shared"
    other.mkdir()
    (other / "x.csv").write_text("a\n1\n")
    context = Context(project, readable=(other,))
    assert paths.confined(context, str(other / "x.csv")) == (other / "x.csv").resolve()


@given(st.text(max_size=40))
def test_no_text_leads_out(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    project = tmp_path_factory.getbasetemp()
    try:
        found = paths.confined(Context(project), name)
    except ToolError:
        return
    assert found.is_relative_to(project.resolve())


def test_a_missing_file_names_the_nearest(project: Path) -> None:
    (project / "sales.csv").write_text("a\n1\n")
    with pytest.raises(ToolError, match=r"sales\.csv"):
        paths.find(Context(project), "sale.csv")
