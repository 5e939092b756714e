"""Files in parts and together again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from geoloc.train.fit.file_parts import split, whole


def test_parts_are_small_and_make_the_file_again(tmp_path: Path) -> None:
    run, scratch = tmp_path / "run", tmp_path / "scratch"
    run.mkdir()
    scratch.mkdir()
    path, source = run / "last.ckpt", scratch / "new"
    for length, names in ((4200, ["000", "001", "002", "003", "004"]), (2500, ["000", "001", "002"])):
        content = np.random.default_rng(0).bytes(length)
        source.write_bytes(content)
        split(source, path, 1000)
        assert [p.name for p in sorted(run.iterdir())] == [f"last.ckpt.{name}" for name in names]
        assert max(p.stat().st_size for p in run.iterdir()) == 1000
        joined = whole(path, scratch)
        assert joined == scratch / "last.ckpt"
        assert joined.read_bytes() == content
        assert not path.exists()


def test_a_whole_file_is_not_replaced_by_parts_of_a_split_that_was_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"whole")
    (tmp_path / "last.ckpt.000").write_bytes(b"who")
    assert whole(path, tmp_path / "scratch") == path
    # Parts of a new one take its place.
    source = tmp_path / "new"
    source.write_bytes(b"newer")
    split(source, path, 3)
    assert not path.exists()
    assert [(tmp_path / f"last.ckpt.00{i}").read_bytes() for i in (0, 1)] == [b"new", b"er"]


def test_nothing_to_join_is_nothing(tmp_path: Path) -> None:
    assert whole(tmp_path / "last.ckpt", tmp_path) is None
    assert not list(tmp_path.iterdir())
