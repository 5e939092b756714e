"""The plugin on Qt 6, which QGIS 4 has: every module imports, every name and enum is there, its own views work."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.helpers.qgis.run import QGIS_PYTHON, ROOT, run_in_display

PLUGIN = ROOT / "qgis_plugin"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("qt6")
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((600, 800, 3), 120, np.uint8)).save(folder / name)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.helpers.qgis.on_qt6", str(folder)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=800)
    if "ImportError: lib" in run.stderr:
        pytest.skip(f"PyQt6 misses a library of the system, nothing was tested on Qt 6: {run.stderr.splitlines()[-1]}")
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return answer


def test_every_module_imports_on_qt_6(report) -> None:
    assert report["qt"].startswith("6.")
    assert report["imported"] == len(list(PLUGIN.rglob("*.py")))


def test_every_name_and_enum_of_qt_is_there(report) -> None:
    assert report["unresolved"] == []


def test_the_views_work_on_qt_6(report) -> None:
    assert report["click"] == pytest.approx([500, 200], abs=1.5)
    polygon = [[100, 100], [700, 100], [700, 300]]
    assert list(report["drawn"]) == ["polygon"]
    # A pixel of the screen is two of the photo.
    assert np.array(report["drawn"]["polygon"]) == pytest.approx(np.array(polygon), abs=2.1)
    assert report["scale"] > 1.5
    assert report["chosen"] == ["a.png", "b.png"]
    assert report["place"] == [2, 2]


def test_qt_is_imported_through_qgis_only() -> None:
    for path in PLUGIN.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "PyQt5" not in text, path
        assert "PyQt6" not in text, path
        # Qt 6 has no exec_.
        assert ".exec_(" not in text, path


def test_enums_of_qgis_are_fully_scoped(tmp_path: Path) -> None:
    """On Qt 6 only `Class.Enum.Member` is there; which members are old short names is known to QGIS on Qt 5."""
    used = set()
    for path in PLUGIN.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id.startswith("Q"):
                used.add(f"{node.value.id}.{node.attr}")
    script = tmp_path / "short.py"
    script.write_text(
        "import json\n"
        "import qgis.core, qgis.gui\n"
        "known = {**vars(qgis.core), **vars(qgis.gui)}\n"
        f"pairs = [pair.split('.') for pair in {sorted(used)!r}]\n"
        "values = {f'{a}.{b}': getattr(known[a], b, None) for a, b in pairs if a in known}\n"
        "short = [name for name, value in values.items() if isinstance(value, int)]\n"
        "json.dump({'count': len(values), 'short': short}, open('report.json', 'w'))\n"
    )
    answer = run_in_display([QGIS_PYTHON, str(script)], tmp_path)
    assert answer["count"] > 20
    assert [name for name in answer["short"] if name != "Qgis.QGIS_VERSION_INT"] == []
