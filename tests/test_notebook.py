"""The notebook runs from top to bottom on the demonstration's town, and shows what it says."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from geoloc import town
from tests.helpers.paths import ROOT
from tests.helpers.tiny_town import quick_towns

NOTEBOOK = ROOT / "docs/notebooks/locate.ipynb"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's town, built smaller and with one photograph."""
    folder = tmp_path_factory.mktemp("demo")
    with quick_towns():
        town.build(folder / "scene", size_m=110.0, gsd_m=0.2, photos=1, panoramas=0, photo_px=(960, 720))
    return folder


def test_the_notebook_runs(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOLOC_DEMO", str(scene))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=800, kernel_name="python3", resources={"metadata": {"path": scene}})
    client.execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kinds = [{kind for output in cell.outputs for kind in output.get("data", {})} for cell in cells]
    said = "".join(output.get("text", "") for cell in cells for output in cell.outputs)
    assert "hit" in said
    assert "FeatureCollection" in said
    # The mosaic, the plan, the answers (twice) and one answer are shown as pictures, the table as a table.
    assert sum(bool(kind & {"image/png", "image/svg+xml"}) for kind in kinds) >= 5
    assert any("text/html" in kind for kind in kinds)
    assert (scene / "notebook.gpkg").stat().st_size > 0


def test_the_notebook_is_kept_without_its_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
