"""Files appear whole or not at all."""

import shutil
import sqlite3
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


@pytest.mark.parametrize("name", ["a" * 300, "a" * 248, "a\0b", "x/" * 2500 + "a"])
def test_a_name_that_no_file_can_have_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="no file can have this name, or it is too long; give another"):
        check_output(tmp_path / f"{name}.gpkg", (".gpkg",), overwrite=True)
    check_output(tmp_path / f"{'a' * 230}.gpkg", (".gpkg",), overwrite=True)


def test_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.name == path.name
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    real, link = tmp_path / "shared" / "a.bin", tmp_path / "a.json"
    link.symlink_to(real)
    for _ in range(2):
        check_output(link, (".json",), overwrite=True)
        with replacing(link) as temporary:
            temporary.write_text("new")
            assert temporary.name == link.name
        assert link.is_symlink()
        assert real.read_text() == "new"
    # A database that is open under its own name.
    (tmp_path / "shared" / "a.bin-wal").write_text("x")
    with pytest.raises(OutputError, match="is open in another program"):
        check_output(link, (".json",), overwrite=True)
    gone = tmp_path / "gone.json"
    gone.symlink_to(tmp_path / "nowhere" / "x.json")
    with pytest.raises(OutputError, match=r"is a link to .*x\.json, which cannot be written"):
        check_output(gone, (".json",), overwrite=False)


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


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("journal", "content"), [("-wal", b"w"), ("-journal", b"j"), ("-shm", b"")])
def test_what_a_journal_lies_beside_is_not_replaced(tmp_path: Path, journal: str, content: bytes, there: bool) -> None:
    path = tmp_path / "a.gpkg"
    if there:
        path.write_bytes(b"old")

    def replace() -> None:
        with replacing(path) as temporary:
            # Opened by somebody while the search ran.
            (tmp_path / f"a.gpkg{journal}").write_bytes(content)
            temporary.write_bytes(b"new")

    with pytest.raises(OutputError, match="open in another program") as caught:
        replace()
    assert f"a.gpkg{journal}" in str(caught.value)
    assert path.exists() == there
    with pytest.raises(OutputError, match="open in another program"):
        check_output(path, (".gpkg",), overwrite=True)


def test_an_emptied_journal_is_no_sign_of_a_user(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg-journal").touch()
    (tmp_path / "a.gpkg-wal").touch()
    with replacing(tmp_path / "a.gpkg") as temporary:
        temporary.write_bytes(b"new")
    assert (tmp_path / "a.gpkg").read_bytes() == b"new"


def test_a_database_that_another_connection_writes_to_stays_whole(tmp_path: Path) -> None:
    path, new = tmp_path / "a.gpkg", tmp_path / "new.gpkg"
    for name, table in ((path, "old"), (new, "new")):
        with sqlite3.connect(name) as made:
            made.execute(f"create table {table} (a)")
        made.close()
    user = sqlite3.connect(path)
    user.execute("pragma journal_mode=wal")
    user.execute("insert into old values (1)")
    user.commit()
    with pytest.raises(OutputError, match="close it there"), replacing(path) as temporary:
        shutil.copy(new, temporary)
    assert user.execute("select * from old").fetchall() == [(1,)]
    user.close()
    # Once it is closed, it is replaced.
    with replacing(path) as temporary:
        shutil.copy(new, temporary)
    with sqlite3.connect(path) as read:
        assert read.execute("pragma integrity_check").fetchone() == ("ok",)
        assert read.execute("select name from sqlite_master").fetchall() == [("new",)]
    read.close()


def test_who_may_read_other_new_files_may_read_these(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "new") as temporary:
        temporary.touch(0o600)
        temporary.chmod(0o600)
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
