"""Folds on another engine: a real local Dask cluster gives the same figures; wrong settings are said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.tools.compute import training_backend
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.train import train

from ..modelling import carry_out, customers


@pytest.fixture
def cluster():
    """Two worker threads behind a real scheduler address, in this process: what matters is the wire, not the speed."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp"
    ) as running:
        yield running


@pytest.mark.slow
def test_a_dask_cluster_trains_the_same_model(project: Path, cluster) -> None:
    customers(200).to_csv(project / "c.csv", index=False)
    action = train("c.csv", "left", algorithm="logistic_regression", context=Context(project)).actions[0]
    carry_out(project, action, "here")
    carry_out(project, action, "there", joblib_backend=f"dask:{cluster.scheduler_address}")
    here, there = registry.versions(project, "left_model")
    assert here.metrics == there.metrics and here.fingerprint == there.fingerprint


@pytest.mark.slow
def test_the_work_is_done_by_the_workers_of_the_cluster(cluster) -> None:
    context = Context(settings={"joblib_backend": f"dask:{cluster.scheduler_address}"})
    assert not training_backend.elsewhere()
    with training_backend.backend(context):
        assert training_backend.elsewhere()
        assert training_backend.spread(_on_a_worker, [(1,), (2,)]) == [(1, True), (2, True)]
    assert not training_backend.elsewhere()


def _on_a_worker(number: int) -> tuple[int, bool]:
    from distributed import get_worker

    return number, bool(get_worker().address)


def test_a_scheduler_that_does_not_answer_is_said() -> None:
    pytest.importorskip("distributed")
    with (
        pytest.raises(ToolError, match="No Dask scheduler answers at tcp://127.0.0.1:9"),
        training_backend.backend(Context(settings={"joblib_backend": "dask:tcp://127.0.0.1:9"})),
    ):
        pass


def test_another_word_is_refused() -> None:
    with (
        pytest.raises(ToolError, match="takes loky or dask"),
        training_backend.backend(Context(settings={"joblib_backend": "mpi"})),
    ):
        pass
