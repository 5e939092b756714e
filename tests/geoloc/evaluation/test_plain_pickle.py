"""Pickles of plain values in all the forms that torch has written; what could run is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geoloc.evaluation.plain_pickle import load_plain

VALUES = [("a", 1, 2.5, None, True, [1, 2], {"b": (3,)}, b"bytes")]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_one_pickle_is_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(pickle.dumps(VALUES, protocol))
    assert load_plain(path) == VALUES


@pytest.mark.parametrize("zipped", [True, False])
def test_both_kinds_of_torchs_files_are_read(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save(VALUES, path, _use_new_zipfile_serialization=zipped)
    assert load_plain(path) == VALUES


def test_numpys_numbers_and_arrays_are_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    for protocol in (2, 4):
        path.write_bytes(pickle.dumps([np.float32(1.5), np.int64(7), np.arange(3)], protocol))
        one, seven, numbers = load_plain(path)
        assert (one, seven, numbers.tolist()) == (1.5, 7, [0, 1, 2])


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False, None])
def test_what_could_run_is_refused_and_does_not(tmp_path: Path, zipped: bool | None) -> None:
    path, there = tmp_path / "a.pth", tmp_path / "there"
    if zipped is None:
        path.write_bytes(pickle.dumps([Evil(there)]))
    else:
        torch.save([Evil(there)], path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(pickle.UnpicklingError, match="which no list of records needs"):
        load_plain(path)
    assert not there.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_are_refused(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save([torch.zeros(3)], path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(pickle.UnpicklingError):
        load_plain(path)


def test_a_function_by_the_name_of_numpys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    # numpy.load, by its module and name.
    path.write_bytes(b"\x80\x02cnumpy\nload\n.")
    with pytest.raises(pickle.UnpicklingError, match=r"numpy\.load"):
        load_plain(path)
