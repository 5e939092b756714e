"""Examples as tensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from geoloc.model.network.features import STRIDE, Features
from geoloc.model.presets import new_network, preset_config
from geoloc.train.samples.batch import Batch, collate
from geoloc.train.samples.example import Example


def example(value: int, box: np.ndarray | None) -> Example:
    query = np.full((32, 64, 3), value, np.uint8)
    query[3, 5] = [10, 20, 30]
    return Example(query, np.array([5.0, 3]), np.zeros((48, 48, 3), np.uint8), box, 0.3, value > 1, np.ones((2, 4, 2)))


def test_examples_become_tensors_field_by_field() -> None:
    batch = collate([example(1, None), example(2, np.array([1.0, 2, 3, 4]))])
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
    batch = collate([example(1, None)])
    features = Features(torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 6, 6))
    moved = replace(batch, reference=features).to("meta")
    assert moved.query.device.type == "meta"
    assert moved.reference.fine.device.type == "meta"
    assert moved.gsd_m.device.type == "meta"


def test_what_lies_round_a_window_is_seen_and_left_out() -> None:
    torch.manual_seed(0)
    net = new_network(preset_config("base")).eval()
    wide = torch.randint(0, 256, (1, 3, 192, 192), dtype=torch.uint8)
    batch = replace(collate([example(1, None)]), reference=wide, around=4)
    assert batch.reference_px == (64, 64)
    other = wide.clone()
    other[..., 50] = 255 - other[..., 50]
    with torch.no_grad():
        everything = net.encode_reference(wide.float())
        features = batch.reference_features(net)
        changed = replace(batch, reference=other).reference_features(net)
    assert features.coarse.shape[-2:] == (4, 4)
    assert torch.equal(features.coarse, everything.coarse[..., 4:8, 4:8])
    assert torch.equal(features.fine, everything.fine[..., 8:16, 8:16])
    # The window begins at 64; a column of pixels before it is known to the first column of its features.
    assert not torch.allclose(changed.coarse[..., 0], features.coarse[..., 0])
    # Features are as they are.
    assert replace(batch, reference=features, around=4).reference_features(net) is features


def test_a_margin_turns_with_its_window() -> None:
    plain = collate([example(2, np.array([8.0, 20, 16, 36]))])
    margin = torch.nn.functional.pad(plain.reference, [STRIDE] * 4)
    wide, narrow = replace(plain, reference=margin, around=1).turned(1), plain.turned(1)
    assert wide.reference_px == narrow.reference_px
    assert torch.equal(wide.box, narrow.box)
    assert torch.equal(wide.reference[..., STRIDE:-STRIDE, STRIDE:-STRIDE], narrow.reference)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_what_lies_in_the_window_turns_with_it(quarters: int) -> None:
    plain = collate([example(2, np.array([8.0, 20, 16, 36]))])
    reference = torch.zeros_like(plain.reference)
    reference[0, :, 20:36, 8:16] = 200
    reference[0, 0, 4, 40] = 9
    batch = replace(plain, reference=reference, matches=torch.tensor([[[[40.5, 4.5], [float("nan")] * 2]]]))
    turned = batch.turned(quarters)
    x0, y0, x1, y1 = turned.box[0].int().tolist()
    assert (turned.reference[0, :, y0:y1, x0:x1] == 200).all()
    assert int((turned.reference == 200).sum()) == 3 * (x1 - x0) * (y1 - y0)
    x, y = turned.matches[0, 0, 0].floor().int().tolist()
    assert turned.reference[0, 0, y, x] == 9
    assert turned.matches[0, 0, 1].isnan().all()
    assert torch.equal(turned.query, batch.query)


def test_encoded_windows_cannot_be_turned() -> None:
    features = Features(torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 6, 6))
    with pytest.raises(TypeError, match="encoded"):
        replace(collate([example(1, None)]), reference=features).turned(1)


def test_turned_whole_it_is_the_same_pair_of_pictures_lying_otherwise() -> None:
    generator = torch.Generator().manual_seed(0)
    side, window = 32, 64
    query, reference = (torch.randint(0, 256, (1, 3, n, n), generator=generator) for n in (side, window))
    matches = torch.tensor([[[[10.0, 20.0], [30.0, 20.0]], [[10.0, 40.0], [30.0, 40.0]]]])
    batch = Batch(
        query=query,
        click=torch.tensor([[5.5, 9.5]]),
        reference=reference,
        box=torch.tensor([[4.0, 8.0, 12.0, 24.0]]),
        present=torch.tensor([True]),
        sized=torch.tensor([True]),
        gsd_m=torch.tensor([0.2]),
        matches=matches,
        view=torch.tensor([[0.6, 0.0, 1.0]]),
    )
    turned = batch.turned_whole(1)
    x, y = turned.click[0].tolist()
    assert torch.equal(turned.query[0, :, int(y), int(x)], query[0, :, 9, 5])
    # What the first cell of the query sees has gone where the cell and the window have gone.
    assert turned.matches[0, 1, 0].tolist() == [20.0, window - 10.0]
    assert turned.matches[0, 0, 0].tolist() == [20.0, window - 30.0]
    # What leant to the right leans up.
    assert turned.view[0].tolist() == pytest.approx([0.0, -0.6, 1.0])
    back = turned.turned_whole(3)
    for name in ("query", "click", "reference", "box", "matches", "view"):
        assert torch.allclose(getattr(back, name), getattr(batch, name)), name
