"""The plugin's zip: what is in it, the plugin site's checks, old Pythons, and that it loads in a clean QGIS."""

import configparser
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import geoloc
from scripts.make_plugin import NAME, lrelease, make
from tests.helpers.paths import ROOT
from tests.helpers.qgis.run import install, run_script

MOST_BYTES = 2_000_000
FORBIDDEN = (".pyc", ".so", ".dll", ".exe", ".sh", ".bat", ".ui", ".qrc", ".zip")
REQUIRED = ("name", "description", "version", "qgisMinimumVersion", "author", "email", "about", "tracker", "repository")
LANGUAGES = ("de", "fr")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if lrelease() is None:
        pytest.skip("lrelease (qttools5-dev-tools) is not installed: the plugin's zip was not tested")
    return make(tmp_path_factory.mktemp("zip"))


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
    assert NAME.isidentifier()
    assert "plugin" not in NAME
    assert NAME != "geoloc"
    assert archive.name == f"{NAME}-{geoloc.__version__}.zip"


def test_it_holds_what_it_needs_and_nothing_else(archive: Path) -> None:
    inside = {name.partition("/")[2] for name in names(archive)}
    sources = {path.relative_to(ROOT / "qgis_plugin").as_posix() for path in (ROOT / "qgis_plugin").rglob("*.py")}
    translations = {f"i18n/geoloc_{language}.{suffix}" for language in LANGUAGES for suffix in ("ts", "qm")}
    others = {"metadata.txt", "LICENSE", "icon.svg", "styles/located_objects.qml"}
    assert inside == sources | translations | others


def test_it_is_small_and_has_no_forbidden_files(archive: Path) -> None:
    assert archive.stat().st_size < MOST_BYTES
    for name in names(archive):
        assert not name.endswith(FORBIDDEN)
        assert not any(part.startswith((".", "__")) and part != "__init__.py" for part in name.split("/"))


def test_it_is_the_same_every_time(archive: Path, tmp_path: Path) -> None:
    assert make(tmp_path).read_bytes() == archive.read_bytes()


def test_its_metadata_are_whole(unpacked: Path) -> None:
    metadata = configparser.ConfigParser()
    metadata.read(unpacked / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    assert all(general.get(key, "").strip() for key in (*REQUIRED, "homepage", "icon", "license"))
    assert general["version"] == geoloc.__version__
    assert all(part.isdecimal() for part in general["version"].split("."))
    assert (general["qgisMinimumVersion"], general["qgisMaximumVersion"]) == ("3.22", "4.99")
    assert general["hasProcessingProvider"] == "yes"
    assert general["category"] in {"Raster", "Vector", "Database", "Mesh", "Web"}
    assert (unpacked / general["icon"]).is_file()
    assert "GNU GENERAL PUBLIC LICENSE" in (unpacked / "LICENSE").read_text(encoding="utf-8")


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
