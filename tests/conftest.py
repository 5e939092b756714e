"""For all tests."""

import os

# The networks of the tests are small: a second thread wins nothing, and on a busy machine threads that wait for each
# other in a loop take minutes for seconds. Before torch is imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
