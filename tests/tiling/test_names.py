"""What a mosaic may be called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiling.names import absolute, gdal_name, is_remote, local_file, split_layer


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("http://host:8731/a.tif", "/vsicurl/http://host:8731/a.tif"),
        ("HTTPS://host/a b.tif?x=1", "/vsicurl/https://host/a b.tif?x=1"),
        ("/vsicurl/https://host/a.tif", "/vsicurl/https://host/a.tif"),
        ("/vsizip//vsicurl/https://host/a.zip/b.tif", "/vsizip//vsicurl/https://host/a.zip/b.tif"),
        ("/vsis3/bucket/a.tif", "/vsis3/bucket/a.tif"),
    ],
)
def test_addresses_keep_their_slashes(name: str, opened: str) -> None:
    path = Path(name)
    assert is_remote(path)
    assert gdal_name(path).replace("/vsizip//", "/vsizip/") == opened.replace("/vsizip//", "/vsizip/")
    assert absolute(path) == path
    assert local_file(path) == path


def test_files_behind_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.gpkg", "a.zip", "odd|name.gpkg"):
        Path(name).touch()
    here = Path("a.gpkg")
    assert local_file(Path("GPKG:a.gpkg:ortho")) == here
    assert local_file(Path('NETCDF:"a.gpkg":band')) == here
    assert local_file(Path("a.gpkg|layer")) == here
    assert local_file(Path("/vsizip/a.zip/b.tif")) == Path("a.zip")
    # Where there is such a file, it is meant.
    assert split_layer(Path("odd|name.gpkg")) == (Path("odd|name.gpkg"), None)
    assert absolute(Path("GPKG:a.gpkg:ortho")) == Path(f"GPKG:{tmp_path}/a.gpkg:ortho")
    assert absolute(Path("a.gpkg|layer")) == tmp_path / "a.gpkg|layer"
    assert gdal_name(absolute(Path("/vsizip/a.zip/b.tif"))) == f"/vsizip/{tmp_path}/a.zip/b.tif"
    assert absolute(Path("b.tif")) == tmp_path / "b.tif"
