"""Records as tensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from geoloc.model.network import Features
from geoloc.train.batch import collate
from geoloc.train.record import Record


def record(value: int, box: np.ndarray | None) -> Record:
    query = np.full((32, 64, 3), value, np.uint8)
    query[3, 5] = [10, 20, 30]
    return Record(query, np.array([5.0, 3]), np.zeros((48, 48, 3), np.uint8), box, 0.3, value > 1, np.ones((2, 4, 2)))


def test_records_become_tensors_field_by_field() -> None:
    batch = collate([record(1, None), record(2, np.array([1.0, 2, 3, 4]))])
    assert len(batch) == 2
    assert batch.query.shape == (2, 3, 32, 64)
    assert batch.query.dtype == torch.uint8
    assert batch.query[0, :, 3, 5].tolist() == [10, 20, 30]
    assert batch.click.tolist() == [[5, 3], [5, 3]]
    assert batch.present.tolist() == [False, True]
    assert batch.box[1].tolist() == [1, 2, 3, 4]
    assert batch.sized.tolist() == [False, True]
    assert batch.gsd_m.tolist() == torch.tensor([0.3, 0.3]).tolist()
    assert batch.matches.shape == (2, 2, 4, 2)
    assert batch.reference_px == (48, 48)


def test_everything_moves_encoded_or_not() -> None:
    batch = collate([record(1, None)])
    features = Features(torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 6, 6))
    moved = replace(batch, reference=features).to("meta")
    assert moved.query.device.type == "meta"
    assert moved.reference.fine.device.type == "meta"
    assert moved.gsd_m.device.type == "meta"
