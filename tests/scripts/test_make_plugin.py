"""The plugin's zip: what is in it, whose it is, the plugin site's scans, old Pythons, that a clean QGIS loads it."""

import configparser
import json
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import geoloc
from scripts.make_plugin import NAME, lrelease, main, make, with_addresses
from scripts.plugin_site import objections
from tests.helpers.paths import ROOT
from tests.helpers.qgis.run import install, run_script

MOST_BYTES = 2_000_000
PUBLISHER = {
    "email": "maps@geo.de",
    "homepage": "https://geo.de/a%20b",
    "tracker": "https://geo.de/issues",
    "repository": "https://geo.de/code",
}
# What the site's flake8 has switched on, as far as ruff has it; what does not parse ruff tells anyway.
QUALITY = (
    "E101,E711,E712,E713,E714,E721,E722,E731,E741,E742,E743,E902,W605,F402,F403,F404,F405,F811,F821,F822,F823,F901"
)
LANGUAGES = ("de", "fr")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if lrelease() is None:
        pytest.skip("lrelease (qttools5-dev-tools) is not installed: the plugin's zip was not tested")
    return make(tmp_path_factory.mktemp("zip"), PUBLISHER)


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder / NAME


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as file:
        return file.namelist()


def test_it_is_one_folder_under_a_proper_name(archive: Path) -> None:
    tops = {name.split("/")[0] for name in names(archive)}
    assert tops == {NAME}
    assert NAME != "geoloc"
    assert archive.name == f"{NAME}-{geoloc.__version__}.zip"


def test_it_holds_what_it_needs_and_nothing_else(archive: Path) -> None:
    inside = {name.partition("/")[2] for name in names(archive)}
    sources = {path.relative_to(ROOT / "qgis_plugin").as_posix() for path in (ROOT / "qgis_plugin").rglob("*.py")}
    translations = {f"i18n/geoloc_{language}.{suffix}" for language in LANGUAGES for suffix in ("ts", "qm")}
    others = {"metadata.txt", "LICENSE", "icon.svg", "styles/located_objects.qml"}
    assert inside == sources | translations | others


def test_it_is_small(archive: Path) -> None:
    assert archive.stat().st_size < MOST_BYTES


def test_the_plugin_site_would_take_it(archive: Path) -> None:
    asked = []
    assert objections(archive, asked.append) == []
    assert asked == [PUBLISHER[key] for key in ("homepage", "tracker", "repository")]


def test_it_is_the_same_every_time(archive: Path, tmp_path: Path) -> None:
    assert make(tmp_path, PUBLISHER).read_bytes() == archive.read_bytes()


def test_its_metadata_are_whole(unpacked: Path) -> None:
    metadata = configparser.ConfigParser()
    metadata.read(unpacked / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    assert {key: general[key] for key in PUBLISHER} == PUBLISHER
    assert general["license"]
    assert general["version"] == geoloc.__version__
    assert (general["qgisMinimumVersion"], general["qgisMaximumVersion"]) == ("3.22", "4.99")
    assert general["hasProcessingProvider"] == "yes"
    assert general["category"] in {"Raster", "Vector", "Database", "Mesh", "Web"}
    assert "GNU GENERAL PUBLIC LICENSE" in (unpacked / "LICENSE").read_text(encoding="utf-8")


def written(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """The exit status of the command; nothing is asked of anybody."""
    if lrelease() is None:
        pytest.skip("lrelease (qttools5-dev-tools) is not installed: the plugin's zip was not tested")
    monkeypatch.setattr("scripts.make_plugin.objections", lambda path: objections(path, lambda url: None))
    monkeypatch.setattr(sys, "argv", ["make_plugin", *map(str, words)])
    return main()


def test_with_placeholders_it_says_what_to_give(tmp_path: Path, monkeypatch, capsys) -> None:
    before = (ROOT / "metadata.txt").read_bytes()
    assert written(monkeypatch, tmp_path) == 0
    _, file, *told = capsys.readouterr().err.splitlines()
    assert file == "It is whole, and installs from a file."
    assert len(told) == 4
    for line, key in zip(told, ("homepage", "tracker", "repository", "email"), strict=True):
        assert line.startswith(f"Only the plugin site would object to it: addresses: {key} ")
        assert line.endswith(f" is a placeholder: add {key.upper()}=... to make plugin, with one of your own")
    # Who gives some of them means to publish: no success then.
    given = [f"--{key}={value}" for key, value in PUBLISHER.items()]
    assert written(monkeypatch, tmp_path, *given[:-1]) == 1
    (told,) = capsys.readouterr().err.splitlines()[2:]
    assert "repository" in told
    # Nor does it help to give one like those that are there.
    assert written(monkeypatch, tmp_path, *given[1:], "--email=me@example.org") == 1
    (told,) = capsys.readouterr().err.splitlines()[2:]
    assert "email me@example.org is a placeholder" in told
    assert written(monkeypatch, tmp_path, *given[:-1], "--repository=https://geo") == 1
    assert "object to it: addresses: repository https://geo is not public" in capsys.readouterr().err
    assert written(monkeypatch, tmp_path, *given) == 0
    assert capsys.readouterr().err.endswith("The plugin site would take it.\n")
    assert (ROOT / "metadata.txt").read_bytes() == before


def test_an_address_is_one_word() -> None:
    for wrong in ("", "https://geo.de\nname=Other", "two words"):
        with pytest.raises(ValueError, match="is no address"):
            with_addresses("homepage=", {"homepage": wrong})


def test_make_takes_addresses_from_its_own_line_only() -> None:
    words = ["make", "-C", str(ROOT), "-n", "plugin", "PYTHON=python", "HOMEPAGE=https://geo.de/$a"]
    answer = subprocess.run(words, env={**os.environ, "EMAIL": "a@b.de"}, capture_output=True, text=True, check=True)
    assert "--homepage 'https://geo.de/$a'" in answer.stdout
    assert "a@b.de" not in answer.stdout


def test_an_apostrophe_reaches_the_zip() -> None:
    words = ["make", "-C", str(ROOT), "-n", "plugin", "PYTHON=python", "EMAIL=o'brien@geo.de"]
    answer = subprocess.run(words, capture_output=True, text=True, check=True)
    typed = shlex.split(answer.stdout)
    assert typed[typed.index("--email") + 1] == "o'brien@geo.de"
    assert with_addresses("email=", {"email": "o'brien@geo.de"}) == "email=o'brien@geo.de"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True, text=True, check=False)


def vermin(folder: Path) -> tuple[int, str]:
    """Whether Python 3.9 has all that is used, and what it has not."""
    words = [sys.executable, "-c", "from vermin import main; main()", "-t=3.9-", "--no-tips", "--violations", "-q"]
    answer = subprocess.run([*words, str(folder)], capture_output=True, text=True, check=False)
    return answer.returncode, answer.stderr + answer.stdout


def test_bandit_finds_nothing(unpacked: Path) -> None:
    answer = run("bandit", "-r", unpacked, "-f", "json", "-q")
    assert json.loads(answer.stdout)["results"] == []
    assert answer.returncode == 0


def test_bandit_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import subprocess\nsubprocess.call('ls', shell=True)\n")
    assert run("bandit", "-r", tmp_path, "-f", "json", "-q").returncode != 0


def test_detect_secrets_finds_nothing(unpacked: Path) -> None:
    answer = run("detect_secrets", "scan", "--all-files", unpacked)
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["results"] == {}


def ruff(folder: Path) -> subprocess.CompletedProcess[str]:
    return run("ruff", "check", "--isolated", "--no-cache", "--select", QUALITY, folder)


def test_flake8_of_the_site_finds_nothing(unpacked: Path) -> None:
    answer = ruff(unpacked)
    assert answer.returncode == 0, answer.stdout


def test_flake8_of_the_site_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("if len([]) == None:\n    unknown()\n")
    answer = ruff(tmp_path)
    assert "E711" in answer.stdout
    assert "F821" in answer.stdout


def test_it_needs_no_newer_python_than_3_9(unpacked: Path) -> None:
    assert vermin(unpacked) == (0, "")


def test_vermin_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text("list(zip('a', 'b', strict=True))\n")
    assert vermin(tmp_path)[0] != 0


def test_it_imports_only_pyqgis_and_the_standard_library(unpacked: Path) -> None:
    import ast

    allowed = sys.stdlib_module_names | {"qgis"}
    for path in unpacked.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= allowed, path
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] in allowed, path


@pytest.fixture(scope="module")
def report(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What QGIS says of it, in German, in a profile without anything else."""
    folder = tmp_path_factory.mktemp("clean")
    install(folder / "settings", "", unpacked, locale={"userLocale": "de", "overrideFlag": "true"})
    return run_script("drive_zip", folder, {})


def test_it_loads_in_a_clean_profile(report) -> None:
    assert report["unexpected"] == []
    assert report["loaded"]["plugin"]
    assert report["loaded"]["algorithms"] == 8
    assert report["loaded"]["dock"]


def test_it_speaks_the_language_of_qgis(report) -> None:
    assert report["loaded"]["action"] == "Objekt aus Foto verorten"
    assert report["loaded"]["algorithm"] == "Objekt verorten"
    assert report["loaded"]["button"] == "Verorten"
    assert report["loaded"]["message"].startswith("geoloc ist noch nicht installiert")
