"""What is learnt of poses that are compared: which is right by what is farther off, and that none is."""

from __future__ import annotations

import pytest
import torch

from geoloc.errors import TrainingError
from geoloc.geometry.stand import MORE_BY_CHANCE, PANORAMA_MORE_BY_CHANCE, sure
from geoloc.model.network.features import Features
from geoloc.model.sight.likeness import SHARE
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import Views
from geoloc.train.poses import choice
from geoloc.train.poses.choice import PHOTOS, fit_choice
from geoloc.train.poses.compared import ComparedPhoto
from geoloc.train.sights.looks import LOOK_STRIPS, RIGHT
from tests.geoloc.train.sights.test_fit import seen

LOOKS = 3


def compared(right: bool, seed: int, log_weight: float = 0.0, *, panorama: bool = False) -> ComparedPhoto:
    """Three poses of looks at one of two colours: strips of the first are of that colour where it is right."""
    looks = seen(LOOKS, seed)
    first = range(0, LOOKS * LOOK_STRIPS, LOOK_STRIPS)
    wrong = len(RIGHT)
    rows = torch.tensor([row + number for number in (0 if right else wrong, wrong, wrong + 1) for row in first])
    return ComparedPhoto(
        looks.views,
        Features(*(side[rows] for side in looks.strips)),
        torch.full((3 * LOOKS,), 1.6),
        torch.full((3 * LOOKS,), 4.0),
        torch.arange(LOOKS).repeat(3),
        torch.ones(3 * LOOKS),
        torch.full((3,), LOOKS),
        torch.full((3,), log_weight),
        torch.tensor([right, False, False]),
        torch.tensor(panorama),
    )


def test_right_poses_get_the_weight_and_wrong_ones_do_not() -> None:
    photos = [compared(bool(seed % 2), seed, 6.0) for seed in range(24)]
    held_out = [compared(bool(seed % 2), seed, 6.0) for seed in range(40, 52)]
    lines: list[str] = []
    net = fit_choice(LikenessNet(), photos, held_out, steps=60, report=lines.append)
    for photo in held_out:
        (weights,) = choice._weights(net, [photo])
        shares = weights.detach().softmax(0)
        assert shares[0 if photo.right.any() else -1] > 0.5
    assert len(lines) == 3
    assert lines[0].startswith("before: held-out loss")
    assert (
        "photographs: right poses with half of the weight 6 of 6, wrong ones 0, where none is right 0 of 6" in lines[2]
    )
    assert "panoramas: right poses with half of the weight 0 of 0" in lines[2]


@pytest.mark.parametrize("panorama", [False, True])
def test_weights_are_those_of_a_search(monkeypatch: pytest.MonkeyPatch, panorama: bool) -> None:
    """Half of what the second pose's strips show is not known."""
    photo = compared(True, 1, 2.5, panorama=panorama)
    photo.shares[LOOKS : 2 * LOOKS] = 0.5
    told = torch.arange(3.0 * LOOKS)
    monkeypatch.setattr(choice, "_told", lambda net, photo, *, mirrored: told)
    (weights,) = choice._weights(LikenessNet(), [photo])
    by_chance = PANORAMA_MORE_BY_CHANCE if panorama else MORE_BY_CHANCE
    expected = [
        sure(share) * (2.5 + SHARE * share * float(told[3 * n : 3 * n + 3].sum()) - by_chance * share)
        for n, share in enumerate((1.0, 0.5, 1.0))
    ]
    assert weights.tolist() == pytest.approx([*expected, 0.0])


def test_the_loss_is_that_of_all_right_poses_together_or_of_none() -> None:
    weights = torch.tensor([1.0, 0.5, -1.0, 0.0])
    shares = weights.softmax(0)
    some = compared(True, 1)
    some.right[2] = True
    assert choice._loss(some, weights) == pytest.approx(float(-(shares[0] + shares[2]).log()))
    assert choice._loss(compared(False, 1), weights) == pytest.approx(float(-shares[3].log()))


def test_each_look_goes_with_its_own_strip_and_view() -> None:
    """All together as one by one, and a left to right turn changes what is told."""
    net, photo = LikenessNet().eval(), compared(True, 5)
    with torch.inference_mode():
        together = choice._told(net, photo, mirrored=False)
        for row in range(3 * LOOKS):
            views = Views(*(Features(*(side[row % LOOKS][None].float() for side in view)) for view in photo.views))
            strip = Features(*(side[row][None].float() for side in photo.strips))
            alone = net(views, strip, torch.tensor([1.6]), torch.tensor([4.0]))
            assert float(together[row]) == pytest.approx(float(alone), abs=1e-4)
        assert not torch.allclose(choice._told(net, photo, mirrored=True), together)


def test_the_likeliest_of_either_kind_are_drawn_and_some_others() -> None:
    """Of a photograph of two right poses and five wrong ones, which follow each other."""
    photo = compared(True, 1).some(torch.tensor([0, 0, 1, 2, 1, 2, 1]))
    assert photo.right.tolist() == [True] * 2 + [False] * 5
    own = [choice._drawn(photo).tolist() for _ in range(60)]
    assert all(drawn[:3] == [0, 1, 2] and len(drawn) == 4 for drawn in own)
    assert {drawn[3] for drawn in own} == {3, 4, 5, 6}
    photo.right[:] = False
    away = [choice._drawn(photo).tolist() for _ in range(60)]
    assert all(drawn[0] == 0 and len(set(drawn)) == 3 for drawn in away)
    assert {number for drawn in away for number in drawn} == set(range(7))


def test_of_some_poses_weights_are_those_of_all() -> None:
    net, photo = LikenessNet().eval(), compared(True, 5, 2.0)
    photo.log_weight[:] = torch.tensor([1.0, 2.0, 3.0])
    with torch.inference_mode():
        (everything,), (some,) = (choice._weights(net, [one]) for one in (photo, photo.some(torch.tensor([2, 0]))))
    assert some.tolist() == pytest.approx([float(everything[2]), float(everything[0]), 0.0], abs=1e-4)


def test_too_few_photographs_are_refused() -> None:
    with pytest.raises(TrainingError, match="too few photographs"):
        fit_choice(LikenessNet(), [compared(True, 1)] * (PHOTOS - 1), [compared(True, 1)], steps=1)
