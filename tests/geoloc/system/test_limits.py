"""Limits that the environment sets."""

import pytest

from geoloc.errors import LimitError
from geoloc.system.limits import limit_of

LIMIT = ("GEOLOC_TEST_LIMIT", 7)


def test_a_limit_is_its_default_or_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit_of(LIMIT) == 7
    for text, value in (("", 7), (" 12 ", 12), ("9" * 50, int("9" * 20))):
        monkeypatch.setenv(LIMIT[0], text)
        assert limit_of(LIMIT) == value


@pytest.mark.parametrize("text", ["0", "-1", "1e9", "many", "٣"])
def test_what_is_no_limit(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(LIMIT[0], text)
    with pytest.raises(LimitError, match=f"GEOLOC_TEST_LIMIT={text}: is no whole number above 0"):
        limit_of(LIMIT)
