"""Pickles of plain values, as torch and Python write them, read without running anything that they may hold."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

# What NumPy's own numbers and arrays are made with; nothing here runs code.
_NUMPY = {("_reconstruct", "multiarray"), ("scalar", "multiarray"), ("ndarray", "numpy"), ("dtype", "numpy")}


def load_plain(path: Path) -> Any:
    """Read the object of a `.pth`: a zip file of torch, one of its older files of several pickles, or one pickle.

    Raises:
        pickle.UnpicklingError: it holds anything but numbers, text, containers and NumPy's arrays, or is damaged.
        zipfile.BadZipFile: it is damaged.
        Exception: another of those that unpickling raises where the bytes are no pickle: OSError, EOFError, ValueError,
            TypeError, AttributeError, LookupError or ImportError.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith("data.pkl")]
            return _load_next(io.BytesIO(archive.read(name)))
    with path.open("rb") as file:
        first = _load_next(file)
        if not isinstance(first, int):
            return first
        # Magic number, protocol and a description of the machine come before the object.
        for _ in range(2):
            _load_next(file)
        return _load_next(file)


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles numbers, text, containers and NumPy's arrays, and refuses all else: a pickle can run any code."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "_codecs" and name == "encode":
            return super().find_class(module, name)
        if module.split(".", maxsplit=1)[0] == "numpy" and (name, module.rsplit(".", maxsplit=1)[-1]) in _NUMPY:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no list of records needs")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it holds tensors, which no list of records needs")


def _load_next(file: BinaryIO) -> Any:
    return _PlainUnpickler(file, encoding="utf-8").load()
