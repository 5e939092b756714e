"""A wheel made by hand whose package calls itself geoloc and whose worker is the stand-in, for installations."""

import zipfile
from pathlib import Path

HERE = Path(__file__).parent
DISTRIBUTION, VERSION = "geoloc-crossview", "9.9"


def make_wheel(folder: Path, distribution: str = DISTRIBUTION) -> Path:
    """Write the wheel into a new folder; it needs nothing else to be installed."""
    folder.mkdir(parents=True)
    stem = f"{distribution.replace('-', '_')}-{VERSION}"
    info = f"{stem}.dist-info"
    texts = {
        "geoloc/__init__.py": "",
        "geoloc/worker/__init__.py": "",
        "geoloc/worker/__main__.py": (HERE / "stub_worker.py").read_text(encoding="utf-8"),
        f"{info}/METADATA": "\n".join(
            [
                *("Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {VERSION}"),
                *("Provides-Extra: index", "Provides-Extra: openvino", ""),
            ]
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    texts[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*texts, f"{info}/RECORD"])
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return path
