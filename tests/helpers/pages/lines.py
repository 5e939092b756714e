"""What the pages of the documentation tell to type: blocks of commands and of Python, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts import docs_site
from tests.helpers.paths import ROOT

DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NO_PROGRAM = {"mermaid", "text", "csv", "json"}
"""Languages of blocks that nobody runs; a block without a language is commands."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is run at once.

    Attributes:
        kind: a line for the shell, a whole script, or a block of Python.
        text: as on the page; lines without comments, and continued ones joined.
    """

    kind: Literal["line", "script", "python"]
    text: str


def plain(line: str) -> str:
    """A line without its comment, and without spaces that only line it up."""
    return " ".join(re.sub(r"(?:^|\s)#.*", "", line).split())


def steps_of(markdown: str) -> list[Step]:
    """What a page's blocks tell to run, in order."""
    steps = []
    for language, text in FENCE.findall(markdown):
        if language == "python":
            steps.append(Step("python", text))
        elif not language and text.startswith("#!"):
            steps.append(Step("script", text))
        elif language not in NO_PROGRAM:
            assert not language, f"{language}: of no kind that is run, nor one of {NO_PROGRAM}"
            steps += [Step("line", line) for line in map(plain, text.replace("\\\n", " ").splitlines()) if line]
    return steps


def helps() -> dict[str, list[Step]]:
    """The examples at the end of every command's help, as the page of all commands has them."""
    found = {}
    for section in re.split(r"^## ", docs_site.commands(), flags=re.M)[1:]:
        name, _, text = section.partition("\n")
        if examples := re.findall(r"^```\nExamples:\n(.*?)^```$", text, re.M | re.S):
            found[f"{name} --help"] = [Step("line", plain(line)) for line in examples[0].splitlines()]
    return found


def pages() -> dict[str, list[Step]]:
    """All pages of the site that tell to run something, by their paths, and helps with examples that no page has."""
    paths = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in docs_site.OUTSIDE if name.endswith(".md"))]
    read = {path.relative_to(ROOT).as_posix(): steps_of(path.read_text(encoding="utf-8")) for path in paths}
    there = {step for steps in read.values() for step in steps}
    more = {name: [step for step in steps if step not in there] for name, steps in helps().items()}
    return {name: steps for name, steps in (read | more).items() if steps}


def csv_of(page: Path) -> str:
    """The table that a page shows."""
    (text,) = [text for language, text in FENCE.findall(page.read_text(encoding="utf-8")) if language == "csv"]
    return text
