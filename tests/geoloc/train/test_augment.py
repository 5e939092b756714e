"""Appearance changes; the ground stays where it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc.train.augment import recolour, shade


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8), (0, 0), 3)
    return cv2.normalize(image, None, 20, 235, cv2.NORM_MINMAX)


@pytest.mark.parametrize("change", [recolour, shade])
def test_shape_and_type_stay_and_the_original_is_not_written_to(change: object, picture: np.ndarray) -> None:
    before = picture.copy()
    for seed in range(60):
        out = change(picture, np.random.default_rng(seed))  # type: ignore[operator]
        assert out.shape == picture.shape
        assert out.dtype == np.uint8
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("change", [recolour, shade])
def test_the_same_seed_changes_it_the_same_way(change: object, picture: np.ndarray) -> None:
    results = [change(picture, np.random.default_rng(seed)) for seed in (3, 3, 4)]  # type: ignore[operator]
    assert np.array_equal(results[0], results[1])
    if change is recolour:
        assert not np.array_equal(results[0], results[2])


def test_recoloured_pictures_differ_but_show_the_same_thing_in_the_same_place(picture: np.ndarray) -> None:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    aside = np.roll(grey, 6, axis=1)
    for seed in range(60):
        out = cv2.cvtColor(recolour(picture, np.random.default_rng(seed)), cv2.COLOR_RGB2GRAY)
        here = np.corrcoef(out.ravel(), grey.ravel())[0, 1]
        assert here > 0.5
        assert here > np.corrcoef(out.ravel(), aside.ravel())[0, 1]


def test_shadows_only_darken_and_leave_most_pictures_alone(picture: np.ndarray) -> None:
    shaded = 0
    for seed in range(200):
        out = shade(picture, np.random.default_rng(seed))
        assert (out <= picture).all()
        shaded += bool((out < picture).any())
        # A shadow is not night.
        assert (out >= 0.39 * picture.astype(float) - 1).all()
    assert 15 < shaded < 70
