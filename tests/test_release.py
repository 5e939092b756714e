"""What a release says of itself: one version everywhere, and who is to be cited."""

from __future__ import annotations

import configparser
import re
import tomllib

import geoloc
from tests.helpers.paths import ROOT


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_the_same_everywhere() -> None:
    plugin = configparser.ConfigParser()
    plugin.read_string(text("metadata.txt"))
    cited = re.search(r"^version: (.+)$", text("CITATION.cff"), re.M)
    assert cited is not None
    heading = re.findall(r"^## \[(\d[^\]]*)\] - (\S+)$", text("CHANGELOG.md"), re.M)[0]
    assert {plugin["general"]["version"], cited[1], heading[0]} == {geoloc.__version__}
    assert f"date-released: {heading[1]}\n" in text("CITATION.cff")
    assert plugin["general"]["changelog"].startswith(f"{geoloc.__version__} ")
    # The distribution has it from the package, and no other.
    project = tomllib.loads(text("pyproject.toml"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "geoloc.system.version.__version__"


def test_the_readme_names_the_zip_of_this_version() -> None:
    assert set(re.findall(r"geoloc_locate-([\d.]+)\.zip", text("README.md"))) == {geoloc.__version__}


def test_the_citation_names_what_the_readme_names() -> None:
    cited = text("CITATION.cff")
    assert cited.startswith("cff-version: 1.2.0\n")
    for field in ("message", "title", "abstract", "license", "authors"):
        assert re.search(rf"^{field}:", cited, re.M), field
