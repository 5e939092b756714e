"""The plugin as a zip for QGIS: `python -m scripts.make_plugin [FOLDER]`; see also `make plugin`.

The same sources always give the same bytes.
"""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

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


def stage(folder: Path) -> None:
    """Copy the plugin's files into a new folder and compile the translations there.

    Raises:
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
    shutil.copyfile(ROOT / "metadata.txt", folder / "metadata.txt")
    for path in sorted((folder / "i18n").glob("*.ts")):
        compiled = path.with_suffix(".qm")
        subprocess.run([program, "-silent", str(path), "-qm", str(compiled)], check=True, stdout=subprocess.DEVNULL)


def version() -> str:
    """Return the plugin's version, as metadata.txt says."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def make(output: Path) -> Path:
    """Write the zip into a folder and return its path."""
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{NAME}-{version()}.zip"
    with tempfile.TemporaryDirectory() as temporary:
        staged = Path(temporary) / NAME
        stage(staged)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path for path in staged.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(file.relative_to(temporary).as_posix(), _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, file.read_bytes())
    return path


def main() -> int:
    """Make the zip, tell its path and size, and return the exit status."""
    try:
        path = make(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stderr.write(f"{path}: {path.stat().st_size / 1e3:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
