"""The benchmark of outlines from end to end, on a ground small enough for a test."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.outlines import __main__ as benchmark
from benchmarks.outlines.measure import ALONG, CARRIED, clicked, drawn
from benchmarks.outlines.trials import trials
from geoloc.geometry.envelope import rectangle_filling
from geoloc.model.outline_weights import load_outline_net
from geoloc.outline.mask_model import MaskModel
from geoloc.results.detection import iou
from geoloc.train.grounds.masked import FlatPhoto, MaskedGround, MaskedObject, save_ground

GSD_M = 0.3
PHOTO_PX = 1.7
"""Pixels of the photo a pixel of the ground."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red roofs, two of them long and narrow, and a photograph of all of them, turned by 30 degrees."""
    rng = np.random.default_rng(1)
    pixels = np.clip(rng.normal((96, 118, 70), 9, (400, 400, 3)), 0, 255).astype(np.uint8)
    sizes = [(40, 30), (30, 40), (90, 16), (16, 90)]
    objects = []
    for number, (width, height) in enumerate(sizes):
        x, y = 80 + 150 * (number % 2), 80 + 150 * (number // 2)
        pixels[y : y + height, x : x + width] = (176, 84, 70)
        mask = np.ones((height, width), bool)
        kind = "barn" if number < 2 else "shed"
        objects.append(MaskedObject(kind, (x, y), mask, (x, y, x + width, y + height), exact=True))
    turn = np.radians(30)
    to_photo = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1 / PHOTO_PX]])
    to_photo = np.array([[1, 0, 420], [0, 1, 60], [0, 0, 1.0]]) @ (to_photo * PHOTO_PX)
    photo = cv2.warpPerspective(pixels, to_photo, (1100, 1100))
    path = tmp_path_factory.mktemp("grounds") / "roofs"
    taken = FlatPhoto(np.asarray(photo, np.uint8), np.linalg.inv(to_photo))
    save_ground(path, MaskedGround("roofs", pixels, GSD_M, tuple(objects), (taken,)))
    return path


def test_clicks_and_drawn_boxes_are_measured_by_kind_and_drawn(
    ground: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.png"
    monkeypatch.setattr(sys, "argv", ["outlines", str(ground), "--most", "4", "--sheet", str(sheet)])
    benchmark.main()
    text = capsys.readouterr().out
    rows = {tuple(line.strip("| ").split(" | ")[:3]): line.strip("| ").split(" | ")[3:] for line in text.splitlines()}
    assert ("barn", "2", "network and photo") in rows
    assert ("shed", "2", "network and photo") in rows
    # Roofs as plain as these are outlined, and the box that is off by a size of 1.5 is not.
    assert float(rows["all", "4", "network"][0]) > float(rows["all", "4", "box supposed"][0])
    assert "## Drawn boxes" in text
    assert cv2.imread(str(sheet)).shape[1] == 8 * 192


def test_what_is_drawn_lies_where_the_object_does(ground: Path) -> None:
    network = MaskModel(load_outline_net())
    for trial in trials(ground, 4):
        assert trial.drawn is not None
        found = drawn(trial, trial.drawn, network)
        assert found is not None
        target = trial.drawn.target.box
        assert target is not None
        true = rectangle_filling(trial.drawn.fit.matrix, target, 0.0)
        assert true is not None
        # Roofs lie along the axes, and so this rectangle is the roof, but for the errors of a hand and of the place.
        assert found.ious[ALONG] > (0.6 if trial.kind == "barn" else 0.3)
        assert iou(found.shapes[ALONG], trial.drawn.on_map(true)) == pytest.approx(1)
        if trial.kind == "barn":
            assert found.shapes[CARRIED].equals(found.shapes[ALONG])


def test_the_same_objects_each_time(ground: Path) -> None:
    one, other = (list(trials(ground, 3)) for _ in range(2))
    assert [trial.supposed.bounds for trial in one] == [trial.supposed.bounds for trial in other]
    network = MaskModel(load_outline_net())
    assert clicked(one[0], network).ious == clicked(other[0], network).ious
