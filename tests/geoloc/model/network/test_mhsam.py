"""MHSAM: an attention map in (0, 1) that multiplies."""

from __future__ import annotations

import pytest
import torch

from geoloc.model.network.mhsam import KERNELS, MHSAM


def test_it_is_the_formula() -> None:
    torch.manual_seed(0)
    mhsam = MHSAM(8, 2)
    assert len(mhsam.branches) == len(KERNELS) == 3
    features = torch.randn(2, 8, 9, 7)
    with torch.no_grad():
        total = sum(deconvolution(convolution(features)) for convolution, deconvolution in mhsam.branches)
        assert torch.allclose(mhsam(features), features * torch.sigmoid(total))
        share = mhsam(features) / features
    assert 0 < share.min() < share.max() < 1


@pytest.mark.parametrize(("kernels", "reach"), [((1,), 0), ((1, 3), 2), ((1, 3, 5), 4)])
def test_it_sees_as_far_as_its_kernels(monkeypatch: pytest.MonkeyPatch, kernels: tuple[int, ...], reach: int) -> None:
    monkeypatch.setattr("geoloc.model.network.mhsam.KERNELS", kernels)
    torch.manual_seed(0)
    features = torch.randn(1, 4, 21, 21)
    changed = features.clone()
    changed[0, :, 10, 10] += 1
    mhsam = MHSAM(4, 1)
    with torch.no_grad():
        moved = (mhsam(changed) - mhsam(features)).abs().sum((0, 1)) > 1e-9
    rows, columns = moved.nonzero().T
    assert rows.max() - 10 == 10 - rows.min() == columns.max() - 10 == reach


def test_groups_keep_channels_apart() -> None:
    torch.manual_seed(0)
    mhsam = MHSAM(8, 2)
    features = torch.randn(1, 8, 6, 6)
    changed = features.clone()
    changed[:, :4] += 1
    with torch.no_grad():
        assert torch.equal(mhsam(changed)[:, 4:], mhsam(features)[:, 4:])
