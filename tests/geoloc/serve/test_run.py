"""What the server is started with: a request as the worker takes it, and an address that is free."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from geoloc.errors import OutputError
from geoloc.pipeline.request import SearchRequest
from geoloc.serve.run import bind, serving, worker_fields
from geoloc.worker.fields import Fields
from tests.geoloc.serve.conftest import SearchingStub
from tiling.errors import MosaicError


def test_the_worker_reads_the_request_that_was_given() -> None:
    request = SearchRequest(
        mosaics=(Path("m.tif"), Path("more/")), near=(15.0, 48.5), within_m=80, gps=False, top=3, min_score=0.2
    )
    assert Fields(worker_fields(request)).search() == request.absolute()
    assert Fields(worker_fields(SearchRequest(index=Path("i.zarr")))).search().index == Path("i.zarr").absolute()


def test_an_address_that_is_taken_or_none_is_said() -> None:
    with bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(OutputError, match=rf"^127\.0\.0\.1:{port}: cannot listen there .*give another --port"):
            bind("127.0.0.1", port)
    with pytest.raises(OutputError, match="cannot listen there"):
        bind("192.0.2.1", 0)
    with pytest.raises(OutputError, match="cannot listen there"):
        bind("no host", 0)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6: what listens by it is not tried")
def test_everywhere_is_by_ipv4_too() -> None:
    with bind("::", 0) as bound:
        port = bound.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port)).close()


def test_what_cannot_be_searched_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(MosaicError), serving(SearchRequest(mosaics=(tmp_path / "none.tif",)), 1, SearchingStub()):
        pass
    assert list(tmp_path.iterdir()) == []


def test_photos_lie_in_a_folder_that_goes_with_the_server(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with serving(SearchRequest(mosaics=(city / "m.tif",)), 1, SearchingStub()) as service:
        (folder,) = tmp_path.iterdir()
        assert service.pages.root == folder
        # Nobody else of the machine reads them.
        assert folder.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []
