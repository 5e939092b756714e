"""Files that pages of geoloc are made of: Leaflet, which draws their maps, and what the pages share."""

from __future__ import annotations

import re
from importlib.resources import files


def page_part(name: str) -> str:
    """Return a file of a page as text that names no other file.

    Leaflet's style comes without its pictures of markers, which no page uses, its script without that for debuggers.

    Args:
        name: of the file, such as "leaflet.js".
    """
    text = (files("geoloc.report") / "assets" / name).read_text(encoding="utf-8")
    if name == "leaflet.css":
        return re.sub(r"url\([^)]*\)", "none", text)
    return re.sub(r"//# sourceMappingURL=.*", "", text) if name == "leaflet.js" else text
