"""Files of pages name no other file."""

from __future__ import annotations

import pytest

from geoloc.report.page_parts import page_part


@pytest.mark.parametrize("name", ["leaflet.css", "leaflet.js", "shared.css", "shared.js", "report.css", "report.js"])
def test_a_part_names_no_other_file(name: str) -> None:
    text = page_part(name)
    assert len(text) > 100
    assert "sourceMappingURL" not in text
    assert not name.endswith(".css") or not [word for word in ("url(", "@import") if word in text]
