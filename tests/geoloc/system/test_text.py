"""Numbers as users type them, and paths of any name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.system.text import counted, parse_numbers, path_text

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(numbers, min_size=1, max_size=4), st.sampled_from([",", " ", ", ", " , "]), st.booleans())
def test_as_many_numbers_as_the_form_names_come_back(values: list[float], between: str, brackets: bool) -> None:
    text = between.join(map(repr, values))
    form = ",".join("ABCD"[: len(values)])
    assert parse_numbers(f"[{text}]" if brackets else f" {text} ", form) == tuple(values)


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b", "1,nan", "inf,2", "1;2"])
def test_anything_else_is_an_error_that_names_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="is not of the form LON,LAT"):
        parse_numbers(text, "LON,LAT")


def test_paths_that_are_no_unicode_become_text() -> None:
    assert path_text(Path("süd/a.jpg")) == "süd/a.jpg"
    broken = Path(os.fsdecode(b"a\xff.jpg"))
    assert path_text(broken) == "a\ufffd.jpg"
    path_text(broken).encode()


@pytest.mark.parametrize(("count", "words"), [(0, "0 queries"), (1, "1 query"), (2, "2 queries")])
def test_counts_have_their_grammar(count: int, words: str) -> None:
    assert counted(count, "query", "queries") == words
    assert counted(count, "click") == words.replace("queries", "clicks").replace("query", "click")
