"""`python -m geoloc.worker`: answer requests on stdin until they end."""

import sys

from geoloc.system.threads import fit_threads

if __name__ == "__main__":
    # Before anything that computes is loaded.
    fit_threads()

    from geoloc.worker.channel import Channel
    from geoloc.worker.loop import serve

    sys.exit(serve(Channel.of_process()))
