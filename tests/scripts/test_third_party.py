"""The page of licences is what the installed packages say, and names all that pyproject.toml asks for."""

from __future__ import annotations

import re
from importlib import metadata

import pytest

from scripts import third_party


def table(heading: str) -> dict[str, str]:
    """Licences by package under a heading of the page."""
    page = third_party.OUTPUT.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if re.match(r"\| [a-z]", line)]
    return {row[0]: row[-1] for row in rows if row[0] != "package"}


def test_everything_that_is_asked_for_is_named_with_its_licence() -> None:
    listed = table("Asked for")
    asked = {name for requirements in third_party.direct().values() for name in requirements}
    assert listed.keys() == asked, "run: python -m scripts.third_party"
    for name, licence in listed.items():
        try:
            assert licence == third_party.licence_of(name), f"{name}: run: python -m scripts.third_party"
        except metadata.PackageNotFoundError:
            continue


def test_what_they_bring_along_is_named() -> None:
    listed = table("Brought along by these")
    installed = [name for name in table("Asked for") if third_party._installed(name)]
    # What torch brings depends on the machine that it is built for.
    missing = {name for name in third_party.brought(installed) if not name.startswith(("nvidia-", "cuda-", "triton"))}
    assert missing - {"pillow"} <= listed.keys(), "run: python -m scripts.third_party"


def test_nothing_is_without_a_licence() -> None:
    for heading in ("Inside the package", "Asked for", "Brought along by these"):
        licences = table(heading).values()
        assert not {"", "UNKNOWN", "see its files"} & set(licences), heading


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ("License-Expression: MIT AND 0BSD\nLicense: other", "MIT AND 0BSD"),
        ("License: BSD", "BSD"),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", "MIT License"),
        ("Summary: nothing of it", "see its files"),
    ],
)
def test_a_licence_is_found_wherever_it_is_named(fields: str, licence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import email

    monkeypatch.setattr(metadata, "metadata", lambda name: email.message_from_string(fields))
    monkeypatch.setattr(metadata, "files", lambda name: [])
    assert third_party.licence_of("any") == licence
