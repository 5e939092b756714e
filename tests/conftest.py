"""For all tests."""

import os

from hypothesis import HealthCheck, settings

# The networks of the tests are small: a second thread wins nothing, and on a busy machine threads that wait for each
# other in a loop take minutes for seconds. Before torch is imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test depends on how fast the machine is: an example may take as long as it takes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
