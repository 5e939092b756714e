"""Rounding features to 8 bits and back."""

from __future__ import annotations

import torch

from geoloc.model import load
from geoloc.model.network.features import Features
from geoloc.model.quantise import STEPS, Quantiser

CPU = torch.device("cpu")


def test_nothing_is_off_by_more_than_half_a_step() -> None:
    deviations = ([2.0, 8.0], [1.0])
    quantiser = Quantiser.from_deviations(*deviations)
    torch.manual_seed(0)
    scale = torch.tensor(deviations[0])[None, :, None, None]
    features = Features(torch.randn(1, 2, 6, 7) * scale, torch.randn(1, 1, 12, 14))
    rounded = quantiser.quantised(features)
    assert rounded.coarse.dtype == rounded.fine.dtype == torch.int8
    back = quantiser.dequantised(rounded, CPU)
    assert ((back.coarse - features.coarse).abs() <= scale / STEPS / 2 + 1e-6).all()
    assert ((back.fine - features.fine).abs() <= 1 / STEPS / 2 + 1e-6).all()


def test_what_is_far_out_is_held_at_the_end() -> None:
    quantiser = Quantiser.from_deviations([1.0], [1.0])
    rounded = quantiser.quantised(Features(torch.full((1, 1, 1, 1), 1e6), torch.full((1, 1, 2, 2), -1e6)))
    assert (int(rounded.coarse.max()), int(rounded.fine.min())) == (127, -127)


def test_steps_come_from_the_weights() -> None:
    coarse, fine = load().deviations
    assert (len(coarse), len(fine)) == (112, 40)
    assert min(coarse + fine) > 1
