"""What is built installs elsewhere, runs there, and takes no name away from its users."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, from a copy of what git tracks."""
    folder = tmp_path_factory.mktemp("build")
    source = folder / "source"
    subprocess.run(["git", "clone", "-q", "--local", "--no-hardlinks", str(ROOT), str(source)], check=True, timeout=120)
    program = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_code_and_data_and_no_top_level_tools(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0] for n in names} - {n for n in names if "dist-info" in n} <= {
        "opsmith",
        names[-1].split("/")[0],
    }
    for needed in (
        "opsmith/prompts/system.md",
        "opsmith/tools/profile.py",
        "opsmith/agent/session.py",
        "opsmith/prompts/glossary.yaml",
    ):
        assert needed in names
    folders = ("agent", "tools", "prompts", "memory", "evals")
    tracked = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [f for f in tracked.stdout.splitlines() if f"opsmith/{f}" not in names] == [], "not in the wheel"
    assert not any(n.startswith("opsmith/tests") for n in names)


@pytest.mark.slow
def test_the_installed_wheel_profiles_a_file(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, timeout=120)
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.csv").write_text("x,y\n1,2\n3,4\n")
    program = (
        f"import sys; sys.path.insert(0, {str(target)!r}); "
        "from opsmith.agent.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, "run", "profile", "--dataset", "a.csv", "--json", "--project", str(project)],
        capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"rows": 2' in done.stdout
