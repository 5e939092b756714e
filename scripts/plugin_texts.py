"""The plugin's texts and translations: `python -m scripts.plugin_texts` brings qgis_plugin/i18n/*.ts up to date.

Qt's own lupdate finds neither texts in a module without Qt nor texts joined from several lines.
"""

from __future__ import annotations

import ast
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "qgis_plugin"
FOLDER = PLUGIN / "i18n"
CONTEXT = "geoloc"
_ERRORS = ("SetupError", "SetupCancelled", "WorkerError", "UserError")
# Modules without Qt, whose texts are translated where they are shown.
_WITHOUT_QT = ("worker/client.py", "worker/environment.py")


def extract(folder: Path = PLUGIN) -> dict[str, str]:
    """Return every text that is translated, with the file that it was first found in, in the order of the files."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for text in _texts(node, name in _WITHOUT_QT):
                found.setdefault(text, name)
    return found


def read(path: Path) -> dict[str, str]:
    """Return the translations of a .ts file by text."""
    messages = ET.parse(path).getroot().iter("message")
    return {message.findtext("source", ""): message.findtext("translation", "") for message in messages}


def write(path: Path, language: str, translations: dict[str, str], texts: dict[str, str]) -> None:
    """Write a .ts file with all texts; those without a translation are marked unfinished.

    Args:
        path: of the file.
        language: its code, such as "de".
        translations: by text.
        texts: all texts, with the file of each; see `extract`.
    """
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = CONTEXT
    for text, file in texts.items():
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "location", filename=f"../{file}")
        ET.SubElement(message, "source").text = text
        translation = ET.SubElement(message, "translation")
        if translations.get(text):
            translation.text = translations[text]
        else:
            translation.set("type", "unfinished")
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8")


def _texts(node: ast.AST, without_qt: bool) -> list[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "tr":
            return _constants(node.args[:1])
        if without_qt and node.func.id in _ERRORS:
            return _constants(node.args[1:2] if node.func.id == "WorkerError" else node.args[:1])
    if without_qt and isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        if node.targets[0].id == "text":
            return _constants([node.value])
        if node.targets[0].id == "_DIAGNOSES" and isinstance(node.value, ast.Tuple):
            return _constants([pair.elts[1] for pair in node.value.elts if isinstance(pair, ast.Tuple)])
    return []


def _constants(nodes: list[ast.expr]) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def main() -> int:
    """Bring all .ts files up to date and return the exit status: 1 where translations are missing."""
    texts, missing = extract(), 0
    for path in sorted(FOLDER.glob("*.ts")):
        translations = read(path)
        write(path, path.stem.rpartition("_")[2], translations, texts)
        missing += sum(not translations.get(text) for text in texts)
    sys.stderr.write(f"{len(texts)} texts; {missing} translations are missing\n")
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
