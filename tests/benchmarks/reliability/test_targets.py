"""Where files and requests enter: what is right is taken, and what once made them fail is told in a sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.reliability.targets import TARGETS, seeds


@pytest.mark.parametrize("target", TARGETS)
def test_anything_is_taken_or_told(target: str) -> None:
    right = seeds(target)
    for data in right:
        TARGETS[target](data)

    @given(st.data())
    @settings(max_examples=40, database=None)
    def mutated(data: st.DataObject) -> None:
        seed = data.draw(st.sampled_from(right))
        at, length = data.draw(st.integers(0, len(seed))), data.draw(st.integers(0, 40))
        TARGETS[target](seed[:at] + data.draw(st.binary(max_size=30)) + seed[at + length :])

    mutated()


ONCE_FAILED = [
    ("protocol", b'{"id": 1, "type": ["ping"]}'),
    ("protocol", b'{"id": 1, "type": "cancel", "target": [1]}'),
    ("protocol", b"[" * 100_000),
    ("protocol", b'{"id": 1, "type": "locate", "click": [1' + b"0" * 400 + b", 1]}"),
    ("protocol", b'{"id": 1, "type": "plan", "area": {"type": "Polxgon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}}'),
    ("pack", b'{"version": 1, "parts": []}'),
    ("pack", b"[" * 100_000),
    ("pack", b'{"version": 1, "parts": {"a": {"grounds": [], "views": [{"ground": 7}]}}}'),
    ("weights", (100_000).to_bytes(8, "little") + b"[" * 100_000),
    ("metadata", b"\0XMP\0" + b"a-" * 500_000),
]


@pytest.mark.parametrize(("target", "data"), ONCE_FAILED)
def test_what_once_failed(target: str, data: bytes) -> None:
    TARGETS[target](data)
