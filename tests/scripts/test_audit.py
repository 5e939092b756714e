"""What is said of known vulnerabilities, and that silence is not taken for an answer."""

import pytest

from scripts.audit import told

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


def test_a_vulnerability_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([GOOD, BAD, UNKNOWN]) == 1
    assert "b 2: PYSEC-1, fixed in 2.1" in capsys.readouterr().err
    assert told([GOOD, UNKNOWN]) == 0
    assert "0 known vulnerabilities in 1 packages" in capsys.readouterr().err


def test_where_nothing_could_be_asked_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([UNKNOWN]) == told([], "no network") == 0
    err = capsys.readouterr().err
    assert "nothing was checked (its service knows none of them)" in err
    assert "nothing was checked (no network)" in err
