"""Finding, making and diagnosing the environment that geoloc runs in, with real environments."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qgis_plugin.worker import environment
from qgis_plugin.worker.environment import Setup, SetupCancelled, SetupError
from tests.helpers.qgis.wheel import make_wheel


def never() -> bool:
    return False


def always() -> bool:
    return True


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wheel(tmp_path_factory.mktemp("wheel") / "wheels")


@pytest.fixture(scope="module")
def created(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """An environment made offline, and what was said meanwhile."""
    folder = tmp_path_factory.mktemp("made") / "with a space" / "venv"
    lines: list[str] = []
    secret = "http://somebody:hush@proxy.invalid:3128"
    setup = Setup(
        sys.executable, folder, "geoloc-crossview", "https://me:hush@index.invalid", str(wheel.parent), secret
    )
    environment.create(setup, lines.append, never)
    return folder, lines


def test_nothing_is_found_where_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="not installed yet: open Settings > Options > Geoloc"):
        environment.find_python("", tmp_path / "venv")


def test_geoloc_on_the_path_is_found_without_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = program(tmp_path / "bin" / "python")
    program(tmp_path / "bin" / "geoloc")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert environment.find_python("", tmp_path / "venv") == python


def test_the_managed_environment_comes_first_once_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = program(tmp_path / "bin" / "python")
    program(tmp_path / "bin" / "geoloc")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    managed = tmp_path / "venv"
    python = program(environment.python_of(managed))
    assert environment.find_python("", managed) == python
    (managed / environment.UNFINISHED).touch()
    assert environment.find_python("", managed) == outside


def test_a_setting_may_name_python_environment_or_program(tmp_path: Path) -> None:
    python = program(environment.python_of(tmp_path / "venv"))
    geoloc = program(python.with_name("geoloc"))
    nowhere = tmp_path / "no"
    for setting in (python, tmp_path / "venv", geoloc):
        assert environment.find_python(str(setting), nowhere) == python
    assert environment.command(str(python), nowhere) == [str(python), "-P", "-m", "geoloc.worker"]


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no program")
    program(tmp_path / "alone" / "geoloc")
    for name, text in (
        ("gone", "no such file"),
        ("empty", "no Python environment"),
        ("text", "is no program"),
        ("alone/geoloc", "has no Python beside it"),
    ):
        with pytest.raises(SetupError, match=text) as caught:
            environment.find_python(str(tmp_path / name), tmp_path / "venv")
        assert str(tmp_path / name) in str(caught.value)
        assert "Settings > Options > Geoloc" in str(caught.value)


def test_pythons_to_make_one_of_are_new_enough_and_not_qgiss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bin/python3.11", "bin/python3", "QGIS 3.40/bin/python3.12"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(sys.executable)
    program(tmp_path / "bin" / "python").write_text("#!/bin/sh\necho 3.9\n")
    program(tmp_path / "bin" / "python3.13").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'QGIS 3.40' / 'bin'}:{tmp_path / 'bin'}")
    assert environment.base_pythons() == [str(tmp_path / "bin" / "python3.11")]


def test_an_environment_is_made_from_a_folder_of_wheels(created) -> None:
    folder, lines = created
    python = environment.find_python(str(folder), Path("/none"))
    run = subprocess.run(
        [python, "-Pc", "import geoloc.worker; print(geoloc.__file__)"], capture_output=True, text=True, check=True
    )
    assert str(folder) in run.stdout
    assert any(line.startswith("Successfully installed geoloc-crossview-9.9") for line in lines)
    assert not (folder / environment.UNFINISHED).exists()


def test_no_secret_is_said(created) -> None:
    assert not any("hush" in line for line in created[1])
    for secret in ("hush", "hu@sh", "hu/sh", "h%40u"):
        text = environment.without_secrets(f"at https://me:{secret}@index.invalid/x and on")
        assert text == "at https://***@index.invalid/x and on"


def test_an_index_is_asked_by_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_RETRIES", "1")
    lines: list[str] = []
    setup = Setup(sys.executable, tmp_path / "venv", "geoloc-crossview", index="http://me:hush@127.0.0.1:9/simple")
    with pytest.raises(SetupError, match="cannot be reached: check the network and the proxy") as caught:
        environment.create(setup, lines.append, never)
    assert any("--index-url http://***@127.0.0.1:9/simple" in line for line in lines)
    assert "hush" not in caught.value.log


def test_what_is_not_there_is_said_and_the_rest_is_marked(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    folder = tmp_path / "venv"
    setup = Setup(sys.executable, folder, "geoloc-crossview", offline=str(tmp_path / "wheels"))
    with pytest.raises(SetupError, match="not there, or not for this Python"):
        environment.create(setup, lambda line: None, never)
    with pytest.raises(SetupError, match="was not finished"):
        environment.find_python(str(folder), Path("/none"))


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SetupError, match="holds other files"):
        environment.create(
            Setup(sys.executable, tmp_path, "geoloc-crossview", offline="/wheels"), lambda line: None, never
        )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_cancel_removes_what_was_begun(tmp_path: Path, wheel: Path) -> None:
    folder = tmp_path / "venv"
    begun = (folder / "pyvenv.cfg").exists
    with pytest.raises(SetupCancelled):
        environment.create(
            Setup(sys.executable, folder, "geoloc-crossview", offline=str(wheel.parent)), lambda line: None, begun
        )
    assert not folder.exists()


def test_cancel_leaves_an_environment_that_was_there(created, wheel: Path) -> None:
    folder, _ = created
    with pytest.raises(SetupCancelled):
        environment.create(
            Setup(sys.executable, folder, "geoloc-crossview", offline=str(wheel.parent)), lambda line: None, always
        )
    with pytest.raises(SetupCancelled):
        environment.create(Setup(sys.executable, folder, str(wheel)), lambda line: None, always)
    # Nor is it called unfinished.
    assert environment.find_python(str(folder), Path("/none")) == environment.python_of(folder)


def test_a_python_that_does_not_start_is_named(tmp_path: Path, wheel: Path) -> None:
    with pytest.raises(SetupError, match="/no/such/python cannot be started"):
        environment.create(
            Setup("/no/such/python", tmp_path / "venv", "geoloc-crossview", offline="/wheels"), lambda line: None, never
        )
    with pytest.raises(SetupError, match=r"No Python 3\.11 or newer was found"):
        environment.create(Setup("", tmp_path / "venv", "geoloc-crossview"), lambda line: None, never)


@pytest.mark.parametrize(
    ("source", "with_index", "requirement"),
    [
        ("geoloc-crossview", True, "geoloc-crossview[index,openvino]"),
        ("geoloc-crossview==0.1.0", True, "geoloc-crossview[index,openvino]==0.1.0"),
        ("Geoloc_Crossview >= 0.1", True, "geoloc-crossview[index,openvino] >= 0.1"),
        ("geoloc-crossview", False, "geoloc-crossview"),
    ],
)
def test_what_pip_is_told(source: str, with_index: bool, requirement: str, tmp_path: Path) -> None:
    setup = Setup("python", tmp_path, source, offline="/wheels", with_index=with_index)
    assert setup.requirement() == requirement


def test_pip_is_told_a_wheel_by_its_path(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = Setup("python", tmp_path, source=str(wheel))
    assert setup.requirement() == f"geoloc-crossview[index,openvino] @ {wheel.as_uri()}"
    assert replace(setup, with_index=False).requirement() == f"geoloc-crossview @ {wheel.as_uri()}"
    # A bare name is that of a package, even where a folder happens to be called so.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "geoloc-crossview").mkdir()
    requirement = replace(setup, source="geoloc-crossview", offline="/wheels").requirement()
    assert requirement == "geoloc-crossview[index,openvino]"


@pytest.mark.parametrize("source", ["geoloc", "geoloc==0.1.0", "GeoLoc", "geoloc[index]", "other", "./gone.whl", "-r"])
@pytest.mark.parametrize("index", ["", "https://index.invalid"])
@pytest.mark.parametrize("offline", ["", "/wheels"])
def test_a_strangers_package_is_not_installed(source: str, index: str, offline: str, tmp_path: Path) -> None:
    setup = Setup(sys.executable, tmp_path / "venv", source, index, offline)
    with pytest.raises(SetupError, match=r"geoloc's name, which is geoloc-crossview; .* geoloc is another project"):
        environment.create(setup, lambda line: None, never)
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("source", ["", "geoloc-crossview", "geoloc-crossview==0.1.0"])
def test_the_public_index_is_not_trusted_with_the_name(source: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="the name geoloc-crossview and the index or the folder of wheels that has it"):
        environment.create(Setup(sys.executable, tmp_path / "venv", source), lambda line: None, never)
    assert not (tmp_path / "venv").exists()


def test_a_wheel_of_another_project_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "geoloc")
    folder = tmp_path / "venv"
    with pytest.raises(SetupError, match="another project's, or an old geoloc's: give that of geoloc-crossview"):
        environment.create(Setup(sys.executable, folder, str(wheel)), lambda line: None, never)
    assert not list(folder.rglob("geoloc"))


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ("The virtual environment was not created successfully because ensurepip is not available.", "python3-venv"),
        ("ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED]", "certificate"),
        ("ProxyError('Cannot connect to proxy.', OSError('407 Proxy Authentication Required'))", "The proxy refuses"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("PermissionError: [WinError 5] Access is denied: 'torch.dll'", "held by another program"),
        ("PermissionError: [Errno 13] Permission denied: '/opt/x'", "cannot be written"),
        (
            "ERROR: geoloc_crossview-1-cp39-cp39-win_amd64.whl is not a supported wheel on this platform.",
            "not for this Python",
        ),
        ("Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "network"),
        ("Requested geoloc from file:///x has inconsistent name: expected 'geoloc-crossview'", "another project's"),
        ("ERROR: Wheel 'geoloc-crossview' located at /x.whl is invalid.", "A wheel is damaged"),
        ("Killed", "too little memory"),
        ("first\nsomething never heard of\n", "It failed: something never heard of"),
        ("", "It failed and said nothing."),
    ],
)
def test_what_is_said_is_diagnosed(log: str, text: str) -> None:
    assert text in str(environment.diagnosis(log))


def test_a_proxy_reaches_the_child_and_qgiss_own_paths_do_not() -> None:
    given = {"PATH": "/bin", "PYTHONHOME": "/qgis", "GDAL_DATA": "/qgis/gdal", "QT_PLUGIN_PATH": "/qgis/qt"}
    child = environment.proxy_environment(given, "http://proxy.invalid:3128")
    assert child["HTTPS_PROXY"] == child["http_proxy"] == "http://proxy.invalid:3128"
    assert not set(given) - {"PATH"} & set(child)
