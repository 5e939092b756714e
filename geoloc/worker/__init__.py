"""`python -m geoloc.worker`: geoloc as a long-lived process that other programs speak to in lines of JSON.

docs/worker.md describes the protocol.
"""

PROTOCOL = 1
"""Version of the protocol; a client says in `hello` which one it speaks."""
