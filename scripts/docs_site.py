"""What MkDocs is told beside mkdocs.yml: files from outside docs/, the notebook and the commands become pages too.

Files keep the links that work in the repository; here they are turned into those of the site. Mermaid's pictures, which
a reader of the repository sees drawn by its host, are drawn here: a page that is read asks nobody for them.
"""

from __future__ import annotations

import inspect
import json
import posixpath
import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "THIRD_PARTY.md",
    "CITATION.cff",
    "LICENSE",
    "qgis_plugin/README.md",
    "geoloc/weights/base.md",
    "geoloc/weights/outline.md",
    "geoloc/weights/sight.md",
    "geoloc/report/assets/leaflet-LICENSE.txt",
    "benchmarks/results/ablation.md",
    "benchmarks/results/ablation_frozen.md",
    "benchmarks/results/ablation_mosaics.md",
    "benchmarks/results/accuracy.md",
    "benchmarks/results/coverage.md",
    "benchmarks/results/joint.md",
    "benchmarks/results/adapting.md",
    "benchmarks/results/speed.md",
    "benchmarks/results/ablation.png",
    "benchmarks/results/speed.png",
)
"""Files of the repository that the site has, under `repository/`, beside those of docs/."""
NOTEBOOK = "notebooks/locate.ipynb"
COMMANDS = "<!-- commands -->"
"""Stands in docs/commands.md where the commands go."""
_HOME = "repository/"
_LOOK = {"htmlLabels": False, "flowchart": {"nodeSpacing": 25, "rankSpacing": 30}}
_MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.M | re.S)
_TITLE = re.compile(r"^ *accTitle: (.+)$", re.M)
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.M | re.S)
_LINK = re.compile(r"(\[(?:[^\[\]]|\[[^\]]*\])*\]\()([^)\s]+)(\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files from outside docs/ and the notebook's page."""
    from mkdocs.structure.files import File

    for name in OUTSIDE:
        files.append(File.generated(config, _HOME + name, abs_src_path=str(ROOT / name)))
    notebook = ROOT / "docs" / NOTEBOOK
    files.append(File.generated(config, _page_of_the_notebook(), content=markdown_of(notebook)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links of the repository into those of the site, write out the commands and draw what is in Mermaid."""
    text = relinked(markdown, page.file.src_uri).replace(COMMANDS, commands() if COMMANDS in markdown else "")

    def picture(fence: re.Match[str]) -> str:
        uri = f"drawings/{sha256(fence[1].encode()).hexdigest()[:12]}.svg"
        if files.get_file_from_path(uri) is None:
            from mkdocs.structure.files import File

            files.append(File.generated(config, uri, content=drawn(fence[1])))
        (title,) = _TITLE.findall(fence[1])
        return f"![{title}]({posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or '.')})"

    return _MERMAID.sub(picture, text)


@cache
def drawn(mermaid: str) -> str:
    """Return a picture that is written in Mermaid as SVG, without text that needs HTML: it is shown as an image."""
    import mermaidx

    return mermaidx.render(mermaid, config=_LOOK).svg()


def markdown_of(notebook: Path) -> str:
    """Return the cells of a notebook as Markdown, without what they printed."""
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    parts.append(f"[The notebook itself]({notebook.name}), to run.")
    return "\n\n".join(parts) + "\n"


def relinked(markdown: str, uri: str) -> str:
    """Return a page with its links to files outside its folder turned into those of the site; code stays as it is.

    Args:
        markdown: the text.
        uri: of the page in the site, such as "design.md" or "repository/README.md".
    """
    if uri == _page_of_the_notebook():
        return markdown  # Made for the site.
    folder = posixpath.dirname(in_repository(uri))

    def turned(link: re.Match[str]) -> str:
        path, anchor = re.fullmatch(r"([^#]*)(#.*)?", link[2]).groups()
        if not path or re.match(r"\w+:", path):
            return link[0]
        target = in_site(posixpath.normpath(posixpath.join(folder, path)))
        return link[1] + posixpath.relpath(target, posixpath.dirname(uri) or ".") + (anchor or "") + link[3]

    pieces, at = [], 0
    for code in _CODE.finditer(markdown):
        pieces += [_LINK.sub(turned, markdown[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*pieces, _LINK.sub(turned, markdown[at:])])


def in_repository(uri: str) -> str:
    """Return where a page of the site lies in the repository."""
    return uri.removeprefix(_HOME) if uri.startswith(_HOME) else f"docs/{uri}"


def in_site(path: str) -> str:
    """Return where a file of the repository lies in the site; what is neither there nor in docs/ is a broken link."""
    if path == f"docs/{NOTEBOOK}":
        return _page_of_the_notebook()
    return path.removeprefix("docs/") if path.startswith("docs/") else _HOME + path


def _page_of_the_notebook() -> str:
    return NOTEBOOK.replace(".ipynb", ".md")


def commands() -> str:
    """Return what `--help` says of every command as Markdown, the group first, then command by command."""
    import click

    from geoloc.commands.main import main
    from geoloc.commands.shared.command import help_rows

    def written(command: click.Command, words: str, parent: click.Context | None) -> list[str]:
        context = click.Context(command, parent=parent, info_name=words.rpartition(" ")[2], **command.context_settings)
        usage = " ".join([words, *command.collect_usage_pieces(context)])
        parts = [f"## {words}", _paragraphs(command.help or ""), f"```\n{usage}\n```"]
        for heading, rows in help_rows(command, context).items():
            if options := [f"| {_spelled(names)} | {_plain(words)} |" for names, words in rows if words]:
                parts.append("\n".join([f"| {heading} | |", "|---|---|", *options]))
        parts.append(_paragraphs(command.epilog or ""))
        for name, other in command.commands.items() if isinstance(command, click.Group) else ():
            parts += written(other, f"{words} {name}", context)
        return parts

    return "\n\n".join(written(main, "geoloc", None))


def _paragraphs(text: str) -> str:
    r"""Return a command's help as Markdown; what \b keeps from being wrapped is code."""
    parts = inspect.cleandoc(text).split("\n\n")
    code, plain = ("```\n{}\n```", "{}")
    return "\n\n".join((code if one.startswith("\b") else plain).format(one.removeprefix("\b\n")) for one in parts)


def _spelled(names: str) -> str:
    """Return an option's names and what it takes as code, which a table does not take apart."""
    return "`" + names.replace("|", "\\|") + "`"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
