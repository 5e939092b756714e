"""Start it."""

import sys

from geoloc.worker.channel import Channel
from geoloc.worker.loop import serve

if __name__ == "__main__":
    sys.exit(serve(Channel.of_process()))
