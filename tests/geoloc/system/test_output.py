"""Files appear whole or not at all."""

from pathlib import Path

import pytest

from geoloc.errors import OutputError
from geoloc.system.output import check_output, replacing


def test_checks(tmp_path: Path) -> None:
    there = tmp_path / "a.json"
    there.write_text("old")
    check_output(tmp_path / "b.JSON", (".json",), overwrite=False)
    check_output(there, (".json",), overwrite=True)
    for path, message in (
        (there, "exists already"),
        (tmp_path / "a.txt", "unknown kind"),
        (tmp_path / "a", "unknown kind"),
        (tmp_path / "none" / "a.json", "no such folder"),
    ):
        with pytest.raises(OutputError, match=message) as caught:
            check_output(path, (".json",), overwrite=False)
        assert "\n" not in str(caught.value)
    (tmp_path / "d.json").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path / "d.json", (".json",), overwrite=True)


def test_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.name == path.name
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_failure_leaves_nothing_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail_half_way() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("model failed")

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_system_errors_become_output_errors(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="disk full"), replacing(tmp_path / "a.json"):
        raise OSError(28, "disk full")
    with pytest.raises(OutputError, match="cannot be written"):
        replacing(tmp_path / "gone" / "a.json").__enter__()


def test_an_input_is_never_an_output(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(b"x")
    (tmp_path / "link.png").symlink_to(path)
    for name in ("photo.png", "link.png"):
        with pytest.raises(OutputError, match="is read by this very command"):
            check_output(tmp_path / name, (".png",), overwrite=True, inputs=[path, tmp_path / "missing.tif"])
    check_output(path, (".png",), overwrite=True, inputs=[tmp_path / "other.png"])
