"""What users are told of errors."""

from __future__ import annotations

import pytest

from geoloc.errors import PhotoError, in_one_line


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PhotoError("a\n b"), "a b"),
        (KeyError("x"), "unexpected KeyError: 'x'"),
        (PhotoError("https://me:secret@host:8080/a:b.tif: 404"), "https://...@host:8080/a:b.tif: 404"),
        (PhotoError("https://me:se/cr@et@host/c.tif: 404"), "https://...@host/c.tif: 404"),
        (PhotoError("https:/me:secret@host/c.tif: 404"), "https://...@host/c.tif: 404"),
        (PhotoError("C:/me@work/c.tif: 404"), "C:/me@work/c.tif: 404"),
        (PhotoError("https://token@host/c.tif: 404"), "https://...@host/c.tif: 404"),
        (PhotoError("http://host:8080/a:b.tif of me@host: 404"), "http://host:8080/a:b.tif of me@host: 404"),
    ],
)
def test_an_error_is_one_line_without_passwords(error: Exception, told: str) -> None:
    assert in_one_line(error) == told
