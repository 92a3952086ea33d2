"""Where the folds and forests of a training run: this machine, or the workers of a Dask cluster, by a setting."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opsmith.tools.contract import Context, ToolError

_INSTALL = "pip install 'opsmith[dask]'"


@contextlib.contextmanager
def backend(context: Context) -> Iterator[None]:
    """joblib runs where the setting `joblib_backend` says: loky (here), dask, dask:tcp://HOST:PORT.

    Raises ToolError for another word, or where the engine is not installed or does not answer.
    """
    import joblib

    name, _, address = str(context.settings.get("joblib_backend") or "loky").partition(":")
    if name in ("loky", "threading", "sequential"):
        yield
        return
    if name == "dask":
        client = _dask(address)
        try:
            with joblib.parallel_config(backend="dask", n_jobs=-1):
                yield
        finally:
            client.close()
        return
    raise ToolError(f"joblib_backend is {name!r}; it takes loky or dask (dask:tcp://HOST:PORT).")


def elsewhere() -> bool:
    """Whether a cluster is set for what runs now."""
    import joblib

    return type(joblib.parallel.get_active_backend()[0]).__name__ == "DaskDistributedBackend"


def spread(function: Callable[..., Any], parts: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The function for every tuple of arguments, on the workers of the cluster that is set; results in their order.

    With Dask's own futures: joblib lets go of them early, and on a busy scheduler results got lost. What several parts
    share (the table, the outcomes) is sent to the cluster once.
    """
    import joblib

    client = joblib.parallel.get_active_backend()[0].client
    uses = Counter(id(a) for part in parts for a in part if hasattr(a, "nbytes") or hasattr(a, "memory_usage"))
    shared = {id(a): a for part in parts for a in part if uses[id(a)] > 1}
    sent = {key: client.scatter(a, hash=False) for key, a in shared.items()}
    futures = [client.submit(function, *(sent.get(id(a), a) for a in part), pure=False) for part in parts]
    results: list[Any] = client.gather(futures)
    return results


def _dask(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise ToolError(f"joblib_backend is dask, which is not installed: {_INSTALL}.") from None
    try:
        return Client(address, timeout=10) if address else Client(processes=True, dashboard_address=None)
    except (OSError, TimeoutError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ToolError(f"No Dask scheduler answers at {address or 'this machine'}: {told}") from None
