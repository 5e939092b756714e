"""Patterns that a shell has made into many words, and outlines that nobody quoted."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from geoloc.commands.shared.command import Command


@click.command(cls=Command)
@click.argument("photo")
@click.option("--mosaic", multiple=True)
@click.option("--polygon", multiple=True)
@click.option("-v", "loud", is_flag=True)
def search(photo: str, mosaic: tuple[str, ...], polygon: tuple[str, ...], loud: bool) -> None:
    click.echo(f"{photo} {','.join(mosaic)} {','.join(polygon)} {loud}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("p.jpg --mosaic a.tif", "p.jpg a.tif  False"),
        ("p.jpg --mosaic a.tif b.tif c.tif -v", "p.jpg a.tif,b.tif,c.tif  True"),
        ("--mosaic a.tif b.tif p.jpg", "p.jpg a.tif,b.tif  False"),
        ("--mosaic a.tif p.jpg", "p.jpg a.tif  False"),
        ("p.jpg --mosaic a.tif b.tif --mosaic d.tif e.tif", "p.jpg a.tif,b.tif,d.tif,e.tif  False"),
        ("--mosaic a.tif b.tif -v -- p.jpg", "p.jpg a.tif,b.tif  True"),
        ("p.jpg --mosaic=a.tif", "p.jpg a.tif  False"),
    ],
)
def test_every_word_after_a_mosaic_is_one_too(words: str, said: str) -> None:
    result = CliRunner().invoke(search, words.split())
    assert (result.exit_code, result.stdout) == (0, f"{said}\n"), result.stderr


@pytest.mark.parametrize("words", ["p.jpg q.jpg --mosaic a.tif", "p.jpg q.jpg r.jpg"])
def test_other_words_too_many_are_wrong_usage(words: str) -> None:
    result = CliRunner().invoke(search, words.split())
    assert result.exit_code == 2
    assert "unexpected extra argument" in result.stderr


def test_an_outline_that_is_not_quoted_says_to_quote_it() -> None:
    result = CliRunner().invoke(search, ["p.jpg", "--polygon", "1,1", "9,1", "5,7", "--mosaic", "a.tif"])
    assert result.exit_code == 2
    assert 'Put the corners of --polygon into quotation marks: --polygon "10,20 60,20 60,50".' in result.stderr
