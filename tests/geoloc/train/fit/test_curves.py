"""Pictures of logs: what is drawn is what was logged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from geoloc.train.fit.curves import COMPARED, draw_comparison, draw_curves


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    figures: list[Figure] = []
    save = Figure.savefig

    def noted(figure: Figure, *args: object, **more: object) -> None:
        figures.append(figure)
        save(figure, *args, **more)

    monkeypatch.setattr(Figure, "savefig", noted)
    return figures


def log(folder: Path, version: int, rows: list[tuple[int, str, str]]) -> Path:
    path = folder / f"version_{version}" / "metrics.csv"
    path.parent.mkdir(parents=True)
    path.write_text("step,train score,held out score\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    return folder


def test_the_sittings_of_a_run_are_one_curve(tmp_path: Path, drawn: list[Figure]) -> None:
    log(tmp_path / "log", 0, [(0, "4.0", ""), (9, "", "3.0")])
    log(tmp_path / "log", 1, [(10, "2.0", ""), (19, "", "1.0")])
    draw_curves(tmp_path / "log", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000
    train, held_out = drawn[0].axes[0].lines
    # Training is smoothed over what came before.
    assert np.asarray(train.get_xydata()).tolist() == [[0, 4.0], [5, 3.0]]
    assert np.asarray(held_out.get_xydata()).tolist() == [[9, 3.0], [19, 1.0]]


def test_no_log_no_picture(tmp_path: Path) -> None:
    draw_curves(tmp_path / "log", tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


def test_trials_are_means_of_their_runs(tmp_path: Path, drawn: list[Figure]) -> None:
    logs = {
        "base": [
            log(tmp_path / "b0", 0, [(5, "", "4.0"), (9, "", "2.0")]),
            log(tmp_path / "b1", 0, [(5, "", "3.0"), (9, "", "1.0")]),
        ],
        "summation": [log(tmp_path / "s0", 0, [(5, "", "6.0")])],
        "not run": [tmp_path / "none"],
    }
    draw_comparison(logs, tmp_path / "trials.png")
    axes = drawn[0].axes
    assert [axis.get_title() for axis in axes] == list(COMPARED.values())
    base, summation = axes[0].lines
    assert (base.get_label(), summation.get_label()) == ("base", "summation")
    assert np.asarray(base.get_xydata()).tolist() == [[5, 3.5], [9, 1.5]]
    assert np.asarray(summation.get_xydata()).tolist() == [[5, 6.0]]
    # What was not logged is not drawn.
    assert not axes[1].lines
