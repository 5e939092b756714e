"""Translations: every text of the plugin in every language, with the same places for values."""

import string
from pathlib import Path

import pytest

from scripts import plugin_texts

FILES = sorted(plugin_texts.FOLDER.glob("*.ts"))


def places(text: str) -> set[tuple[str, str]]:
    return {(name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name is not None}


def test_there_are_two_languages_beside_english() -> None:
    assert [path.stem for path in FILES] == ["geoloc_de", "geoloc_fr"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_is_translated_and_no_other(path: Path) -> None:
    assert list(plugin_texts.read(path)) == list(plugin_texts.extract()), "run: python -m scripts.plugin_texts"
    assert all(plugin_texts.read(path).values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_translations_have_the_same_places_for_values_and_paragraphs(path: Path) -> None:
    for text, translation in plugin_texts.read(path).items():
        assert places(translation) == places(text), text
        assert translation.count("\n") == text.count("\n"), text
        assert (text[:1] == " ", text[-1:] == " ") == (translation[:1] == " ", translation[-1:] == " "), text


def test_texts_are_found_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('tr("one " "and two")\nother("no text")\ntext = "no text"\ntr(variable)\n')
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "client.py").write_text('text = "three {x}"\nraise WorkerError("code", "four")\n')
    client = "worker/client.py"
    assert plugin_texts.extract(tmp_path) == {"one and two": "a.py", "three {x}": client, "four": client}


def test_new_texts_are_added_as_unfinished_and_old_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "geoloc_xx.ts"
    plugin_texts.write(path, "xx", {"kept": "behalten", "gone": "weg"}, {"kept": "a.py", "new": "b.py"})
    assert plugin_texts.read(path) == {"kept": "behalten", "new": ""}
    assert 'type="unfinished"' in path.read_text()
