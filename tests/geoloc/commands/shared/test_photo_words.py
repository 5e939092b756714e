"""Which photo an option of a command line belongs to."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from geoloc.commands.shared.photo_words import ClickedPhotosCommand, PhotosCommand, photo_numbers


@click.command(cls=ClickedPhotosCommand)
@click.argument("photo_paths", nargs=-1, required=True)
@click.option("--and", "others", multiple=True)
@click.option("--click", "clicks", multiple=True)
@click.option("--time", "times", multiple=True)
@click.option("--mosaic", multiple=True)
@click.option("--polygon", multiple=True)
@click.option("-v", "loud", is_flag=True)
def search(photo_paths: tuple[str, ...], others: tuple[str, ...], mosaic: tuple[str, ...], **values: object) -> None:
    photos = [*photo_paths, *others]
    told = [f"{name[0]}:{'+'.join(photos[one] for one in photo_numbers(name))}" for name in ("clicks", "times")]
    click.echo(" ".join([",".join(photo_paths), *told, ",".join(mosaic)]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a --click 1 --mosaic m", "a c:a t: m"),
        ("--click 1 a --click 2 b --click 3", "a,b c:a+a+b t: "),
        ("a --click 1 b -v --click 2 --click 3 --time 4", "a,b c:a+b+b t:b "),
        ("a --click=1 b --click=2", "a,b c:a+b t: "),
        ("a --time 1 --click 1 --and b --time 2 --click 2", "a c:a+b t:a+b "),
        ("--and b --time 2 --and c --time 3 a --time 1", "a c: t:b+c+a "),
        ("--click 1 -- -a", "-a c:-a t: "),
        # What a shell made of a pattern.
        ("a --click 1 --mosaic m n o", "a c:a t: m,n,o"),
        ("--mosaic m n a --click 1", "a c:a t: m,n"),
        ("a --click 1 b --click 2 --mosaic m n", "a,b c:a+b t: m,n"),
        ("a.jpg --mosaic m.tif n.tif o.tif --click 1", "a.jpg c:a.jpg t: m.tif,n.tif,o.tif"),
        ("a.jpg --click 1 --mosaic m.tif n.tif --click=2", "a.jpg c:a.jpg+a.jpg t: m.tif,n.tif"),
        ("a.jpg --click 1 --and b.jpg --mosaic m.tif n.tif --click 2", "a.jpg c:a.jpg+b.jpg t: m.tif,n.tif"),
        # What has clicks behind it is a photo.
        ("--mosaic m.tif a.jpg --click 1 b.jpg --click 2", "a.jpg,b.jpg c:a.jpg+b.jpg t: m.tif"),
        ("a.jpg --click 1 --mosaic m.tif b.jpg --click=2", "a.jpg,b.jpg c:a.jpg+b.jpg t: m.tif"),
        ("--mosaic m.tif n.tif a.tif --click 1 b.tif --click 2", "a.tif,b.tif c:a.tif+b.tif t: m.tif,n.tif"),
        ("a.tif --click 1 --mosaic m.tif b.tif --time 2 --click 2", "a.tif,b.tif c:a.tif+b.tif t:b.tif m.tif"),
    ],
)
def test_options_are_of_the_photo_before_them(words: str, said: str) -> None:
    result = CliRunner().invoke(search, words.split())
    assert (result.exit_code, result.stdout) == (0, f"{said}\n"), result.stderr


def test_an_outline_that_is_not_quoted_says_to_quote_it() -> None:
    result = CliRunner().invoke(search, ["p.jpg", "--polygon", "1,1", "9,1", "5,7", "--mosaic", "a.tif"])
    assert result.exit_code == 2
    assert "Put the corners of --polygon into quotation marks" in result.stderr


@click.command(cls=PhotosCommand)
@click.argument("photo_paths", nargs=-1, required=True)
@click.option("--time", "times", multiple=True)
@click.option("--mosaic", multiple=True)
@click.option("-o", "output")
def pose(photo_paths: tuple[str, ...], mosaic: tuple[str, ...], **values: object) -> None:
    timed = "+".join(photo_paths[one] for one in photo_numbers("times"))
    click.echo(f"{','.join(photo_paths)} t:{timed} {','.join(mosaic)}")


@pytest.mark.parametrize(
    "words", ["--mosaic m.tif a.jpg b.MP4 --time 1 c.jpg -o x", "-o x --mosaic m.tif a.jpg b.MP4 --time=1 c.jpg"]
)
def test_without_clicks_what_follows_a_mosaic_is_a_photo(words: str) -> None:
    result = CliRunner().invoke(pose, words.split())
    assert (result.exit_code, result.stdout) == (0, "a.jpg,b.MP4,c.jpg t:b.MP4 m.tif\n"), result.stderr
