"""What differs between two pictures of one ground: each change does what it says, to some pictures only."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from geoloc.train.samples.appearance import RandomDraws, add_noise, expose, jpeg, restyle, season, shadow, soften

CHANGES = [season, shadow, expose, soften, add_noise, jpeg]


@pytest.fixture(scope="module")
def images() -> Tensor:
    """48 times one picture, smooth with an edge, 50 x 70: not a multiple of 8."""
    y, x = np.mgrid[:50, :70]
    picture = np.stack([60 + 2 * x, 200 - 2 * y, 90 + x + y], -1).astype(np.float32)
    picture[20:30, 10:60] = [40, 120, 30]
    return torch.from_numpy(picture).permute(2, 0, 1)[None].repeat(48, 1, 1, 1)


def draw(count: int = 48, seed: int = 0) -> RandomDraws:
    return RandomDraws(count, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("change", CHANGES)
def test_some_pictures_change_and_some_do_not(images: Tensor, change: Callable[[Tensor, RandomDraws], Tensor]) -> None:
    out = change(images, draw())
    assert out.shape == images.shape
    assert torch.isfinite(out).all()
    moved = (out - images).abs().flatten(1).amax(1) > 0.5
    assert 0.1 < moved.float().mean() < 0.99
    changed = out[moved]
    # Each draws its own.
    assert (changed[0] - changed[1]).abs().max() > 0.5


def test_all_together_stay_in_range_and_repeat_for_a_seed(images: Tensor) -> None:
    first, second, third = (restyle(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert first.min() >= 0
    assert first.max() <= 255
    assert (first - images).abs().mean() > 5


def test_a_season_changes_green_and_leaves_grey(images: Tensor) -> None:
    grey = torch.full((48, 3, 8, 8), 130.0)
    green = torch.tensor([60.0, 140, 40])[None, :, None, None].expand(48, 3, 8, 8)
    assert (season(grey, draw()) - grey).abs().max() < 12
    assert (season(green, draw()) - green).abs().flatten(1).amax(1).max() > 30


def test_shadow_only_darkens_a_part(images: Tensor) -> None:
    out = shadow(images, draw())
    assert (out <= images + 1e-3).all()
    share = out / images
    dark = share.flatten(1).amin(1) < 0.8
    assert dark.any()
    assert (share[dark].flatten(1).amax(1) > 0.95).float().mean() > 0.5


def test_blurred_pictures_have_less_contrast_and_sharpened_ones_more(images: Tensor) -> None:
    def edge(pictures: Tensor) -> Tensor:
        return pictures[:, 1, 18:32, 30].diff(dim=1).abs().amax(1)

    change = edge(soften(images, draw())) / edge(images)
    assert (change < 0.97).float().mean() == pytest.approx(0.45, abs=0.2)
    assert (change > 1.03).float().mean() == pytest.approx(0.2, abs=0.15)


def test_noise_is_mostly_the_same_in_all_bands_and_keeps_the_mean(images: Tensor) -> None:
    off = add_noise(images, draw()) - images
    assert off.mean(dim=(1, 2, 3)).abs().max() < 2
    assert off.std(dim=(1, 2, 3)).max() > 4
    assert torch.allclose(off[:, 0], off[:, 2], atol=1e-3)


@pytest.mark.parametrize("quality", [35.0, 80.0])
def test_jpeg_is_what_an_encoder_makes(images: Tensor, quality: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RandomDraws, "chance", lambda self, share: torch.ones(self.count, 1, 1, 1, dtype=torch.bool))
    monkeypatch.setattr(
        RandomDraws, "uniform", lambda self, low, high, *shape: torch.full((self.count, 1, 1, 1), quality)
    )
    rng = np.random.default_rng(0)
    rough = images[:1] + torch.from_numpy(rng.normal(0, 12, (1, 3, 50, 70)).astype(np.float32))
    picture = rough.clamp(0, 255).round()
    ours = jpeg(picture, draw(1))[0].permute(1, 2, 0).numpy()
    source = picture[0].permute(1, 2, 0).numpy().astype(np.uint8)
    flags = [
        cv2.IMWRITE_JPEG_QUALITY,
        int(quality),
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    _, coded = cv2.imencode(".jpg", source[..., ::-1], flags)
    theirs = cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1].astype(float)
    loss = np.abs(theirs - source).mean()
    assert loss > 2
    # Chrominance has another table there; what is lost is alike, and mostly the same.
    assert np.abs(ours - source).mean() == pytest.approx(loss, rel=0.25)
    assert np.abs(ours - theirs).mean() < 0.8 * loss
