"""Files in parts and together again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from geoloc.train.fit.file_parts import join, split


def test_parts_are_small_and_make_the_file_again(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    content = np.random.default_rng(0).bytes(2500)
    path.write_bytes(content)
    (tmp_path / "last.ckpt.007").write_bytes(b"of an earlier split")
    split(path, 1000)
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["last.ckpt.000", "last.ckpt.001", "last.ckpt.002"]
    assert max(p.stat().st_size for p in tmp_path.iterdir()) == 1000
    join(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_whole_file_is_not_replaced_by_parts_of_a_split_that_was_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"whole")
    (tmp_path / "last.ckpt.000").write_bytes(b"who")
    join(path)
    assert path.read_bytes() == b"whole"


def test_nothing_to_join_is_nothing(tmp_path: Path) -> None:
    join(tmp_path / "last.ckpt")
    assert not list(tmp_path.iterdir())
