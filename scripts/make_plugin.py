"""The plugin as a zip for QGIS: `python -m scripts.make_plugin [FOLDER]`; see also `make plugin`.

The same sources and addresses always give the same bytes. metadata.txt has placeholders in the place of the publisher's
addresses: those that are given stand in the zip only, and then it says what the plugin site would object to.
"""

from __future__ import annotations

import argparse
import configparser
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from scripts.plugin_site import PUBLISHER, objections

ROOT = Path(__file__).resolve().parents[1]
NAME = "geoloc_locate"
"""Name of the folder in the zip: not the library's, which it would hide, and without the word plugin."""
PATTERNS = ("**/*.py", "icon.svg", "LICENSE", "styles/*.qml", "i18n/*.ts")
"""Files of `qgis_plugin` that belong to the plugin."""
_TIME = (2020, 1, 1, 0, 0, 0)
_LRELEASE = ("lrelease", "lrelease-qt5", "lrelease6", "pyside6-lrelease")


def lrelease() -> str | None:
    """Return the path of Qt's compiler of translations, under whichever name; None where it is not installed."""
    return next((found for name in _LRELEASE if (found := shutil.which(name))), None)


def with_addresses(metadata: str, addresses: Mapping[str, str]) -> str:
    """Return the text of a metadata.txt with the publisher's addresses in the place of its placeholders.

    Args:
        metadata: its text.
        addresses: values of entries of PUBLISHER.

    Raises:
        ValueError: an address is not one word.
    """
    for key, value in addresses.items():
        if len(value.split()) != 1:
            raise ValueError(f"{key} {value!r} is no address: give it without blanks")
        # What reads it takes a single % for the start of a reference to another entry.
        line = f"{key}={value.strip()}".replace("%", "%%")
        metadata = re.sub(rf"^{key}=.*$", lambda _, line=line: line, metadata, flags=re.M)
    return metadata


def stage(folder: Path, addresses: Mapping[str, str]) -> None:
    """Copy the plugin's files into a new folder, with the publisher's addresses, and compile the translations there.

    Raises:
        ValueError: an address is not one word.
        FileNotFoundError: Qt's lrelease is not installed.
    """
    program = lrelease()
    if program is None:
        raise FileNotFoundError("translations need Qt's lrelease: install qttools5-dev-tools, or pip install pyside6")
    source = ROOT / "qgis_plugin"
    for path in (path for pattern in PATTERNS for path in sorted(source.glob(pattern))):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    metadata = with_addresses((ROOT / "metadata.txt").read_text(encoding="utf-8"), addresses)
    (folder / "metadata.txt").write_text(metadata, encoding="utf-8", newline="\n")
    for path in sorted((folder / "i18n").glob("*.ts")):
        compiled = path.with_suffix(".qm")
        subprocess.run([program, "-silent", str(path), "-qm", str(compiled)], check=True, stdout=subprocess.DEVNULL)


def version() -> str:
    """Return the plugin's version, as metadata.txt says."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def make(output: Path, addresses: Mapping[str, str]) -> Path:
    """Write the zip into a folder, with the publisher's addresses as far as they are given, and return its path."""
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{NAME}-{version()}.zip"
    with tempfile.TemporaryDirectory() as temporary:
        staged = Path(temporary) / NAME
        stage(staged, addresses)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path for path in staged.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(file.relative_to(temporary).as_posix(), _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, file.read_bytes())
    return path


def for_the_site(path: Path) -> tuple[bool, str]:
    """Tell whether the plugin site would take a zip without a word, and in lines what it would object to."""
    found = objections(path)
    if not found:
        return True, "The plugin site would take it."
    lines = [f"Only the plugin site would object to it: {one}" for one in found]
    return False, "\n".join(["It is whole, and installs from a file.", *lines])


def main() -> int:
    """Make the zip, tell its path, its size and whether the plugin site would take it, and return the exit status.

    It is 1 where addresses were given, so that the zip is meant for the site, and the site would object to it.
    """
    parser = argparse.ArgumentParser(prog="python -m scripts.make_plugin", description="The QGIS plugin as a zip.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist", help="where to write it (dist)")
    for key in PUBLISHER:
        parser.add_argument(f"--{key}", help=f"the publisher's own, in the place of the {key} in metadata.txt")
    given = vars(parser.parse_args())
    folder = given.pop("folder")
    addresses = {key: value for key, value in given.items() if value is not None}
    try:
        path = make(folder, addresses)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    taken, words = for_the_site(path)
    sys.stderr.write(f"{path}: {path.stat().st_size / 1e3:.0f} kB\n{words}\n")
    return 1 if addresses and not taken else 0


if __name__ == "__main__":
    sys.exit(main())
