"""The loop that `make demo-loop` shows, shortened: it trains, watches, is told of a breach, and acts only on a yes."""

import importlib.util
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parent.parent / "examples" / "demo_loop.py"


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("demo_loop", DEMO)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_loop_trains_watches_and_retrains_with_a_yes_each(demo, project, capsys):
    pytest.importorskip("sklearn")
    from opsmith.agent import monitoring  # noqa: F401 - the demo's own import would not say which extra is lacking
    from opsmith.tools.data import monitors, registry

    told = demo.main(project, blocks=3)
    assert len(told["with"]) == len(told["without"]) == 3
    assert told["with"][0] == told["without"][0]  # nothing was learned before the first weeks were scored
    assert monitors.get(project, "class_model").current == "incoming/*.csv"
    versions = registry.versions(project, "class_model")
    assert told["retrained"] >= 1 and len(versions) == 1 + told["retrained"]
    assert {c.approved_by for c in versions} == {"demo"}
    for card in versions[1:]:
        assert card.comparison["rows"] >= 90 and card.data["path"].startswith(".opsmith/cache/")
    assert registry.get(project, "class_model").version in {c.version for c in versions}
    assert "left alone" in (project / "loop.html").read_text(encoding="utf-8")
    assert "waits for a yes" in capsys.readouterr().out
    if importlib.util.find_spec("matplotlib"):
        assert (project / "loop.png").read_bytes().startswith(b"\x89PNG")
