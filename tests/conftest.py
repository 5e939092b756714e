"""For all tests."""

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

# The networks of the tests are small: a second thread wins nothing, and on a busy machine threads that wait for each
# other in a loop take minutes for seconds. Before torch is imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Servers of tests are on this machine: a proxy of the environment is not asked for them, by no process.
for _name in ("no_proxy", "NO_PROXY"):
    os.environ[_name] = ",".join(filter(None, (os.environ.get(_name), "127.0.0.1,127.0.0.2,localhost")))

# No test depends on how fast the machine is: an example may take as long as it takes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def same_input_costs_once() -> Iterator[None]:
    """See `tests.helpers.remembered`."""
    from geoloc.keypoints.matcher import RootSift
    from geoloc.model import engine
    from tests.helpers import remembered

    with (
        patch.object(RootSift, "features", remembered.remembered_features),
        patch.object(RootSift, "match", remembered.remembered_match),
        patch.object(engine, "compiled_encoder", remembered.remembered_encoder),
    ):
        yield
