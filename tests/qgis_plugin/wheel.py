"""A wheel made by hand that calls itself geoloc and whose worker is the stand-in: what an installation can install."""

import zipfile
from pathlib import Path

HERE = Path(__file__).parent
NAME, VERSION = "geoloc", "9.9"


def make_wheel(folder: Path) -> Path:
    """Into a folder that is made; needs nothing else to be installed."""
    folder.mkdir(parents=True)
    info = f"{NAME}-{VERSION}.dist-info"
    texts = {
        f"{NAME}/__init__.py": "",
        f"{NAME}/worker/__init__.py": "",
        f"{NAME}/worker/__main__.py": (HERE / "stub_worker.py").read_text(encoding="utf-8"),
        f"{info}/METADATA": "\n".join(
            [
                *("Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {VERSION}"),
                *("Provides-Extra: index", "Provides-Extra: openvino", ""),
            ]
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    texts[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*texts, f"{info}/RECORD"])
    path = folder / f"{NAME}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return path
