"""What of the log reaches stderr."""

import logging
import warnings
from collections.abc import Iterator

import pytest

from geoloc.commands.shared.logs import set_verbosity


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("geoloc", "tiling", "rasterio")]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    with warnings.catch_warnings():
        yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("verbose", "lines"),
    [(None, ["what is done", "a warning", "an error"]), (False, ["an error"]), (True, None)],
)
def test_verbosity(verbose: bool | None, lines: list[str] | None, capsys: pytest.CaptureFixture[str]) -> None:
    set_verbosity(verbose)
    for name in ("geoloc.some.module", "tiling.mosaic"):
        log = logging.getLogger(name)
        log.debug("a detail")
        log.info("what is done")
        log.warning("a warning")
        log.error("an error")
        out, err = capsys.readouterr()
        assert out == ""
        # What is wrong with a mosaic is told with -q too.
        wanted = ["a warning", "an error"] if verbose is False and name == "tiling.mosaic" else lines
        assert err.splitlines() == (wanted or ["a detail", "what is done", "a warning", "an error"])


def test_what_gdal_says_on_the_way_to_an_error_stays_out(capsys: pytest.CaptureFixture[str]) -> None:
    set_verbosity(None)
    assert not logging.getLogger("rasterio._env").isEnabledFor(logging.ERROR)
