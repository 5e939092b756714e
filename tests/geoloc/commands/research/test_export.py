"""`geoloc export`: files that it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.helpers.command_line import invoke


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path | None, str, Path]]:
    """Preset, weights, device and folder of every export; nothing is written."""
    calls = []

    def load(preset: str, weights: Path | None, device: str) -> SimpleNamespace:
        def export_onnx(folder: Path) -> list[Path]:
            calls.append((preset, weights, device, folder))
            return [folder / "encoder.onnx", folder / "attention.onnx"]

        return SimpleNamespace(export_onnx=export_onnx)

    monkeypatch.setattr("geoloc.model.load", load)
    return calls


def test_every_file_that_was_written_is_told(exported: list[object], tmp_path: Path) -> None:
    result = invoke("export", "--weights", "w.safetensors", "--onnx", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [f"wrote {tmp_path / name}" for name in ("encoder.onnx", "attention.onnx")]
    assert exported == [("base", Path("w.safetensors"), "cpu", tmp_path)]


def test_files_that_are_there_are_kept_unless_told(exported: list[object], tmp_path: Path) -> None:
    (tmp_path / "attention.onnx").write_text("precious")
    result = invoke("export", "--onnx", tmp_path)
    assert result.exit_code == 1
    assert "attention.onnx: exists already" in result.stderr
    assert not exported
    assert invoke("export", "--onnx", tmp_path, "--overwrite").exit_code == 0
    assert exported


def test_a_folder_that_is_not_there_is_made(exported: list[object], tmp_path: Path) -> None:
    assert invoke("export", "--onnx", tmp_path / "runs" / "onnx").exit_code == 0
    assert (tmp_path / "runs" / "onnx").is_dir()
    assert exported


def test_a_file_in_the_place_of_a_folder_is_told(exported: list[object], tmp_path: Path) -> None:
    (tmp_path / "onnx").write_text("precious")
    result = invoke("export", "--onnx", tmp_path / "onnx")
    assert result.exit_code == 1
    assert "onnx: is a file; give a folder" in result.stderr
    assert not exported
