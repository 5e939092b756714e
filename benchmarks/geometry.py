"""What the limits of `geoloc.geometry` were chosen by: inliers of right and of wrong ground, and how exact places are.

    python -m benchmarks.geometry DATA

Every sixth photo of the posed site `caliterra` against the site's own mosaic at 0.3 m and against crops of Estonian
orthophotos, without a limit of inliers. Never the validation site.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.geometry import homography_fit
from geoloc.geometry.photo_keypoints import FINE, PhotoKeypoints
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.photo.photo import Photo
from geoloc.train.grounds.posed_site import load_site
from geoloc.train.grounds.sources import read_image

GSD_M = 0.3
EVERY = 6
CROP_SIDE_M = 200.0
ORTHOS_EVERY = 25
FEWEST = 5
"""RANSAC needs four points, which always agree."""
PLACES = 20


def main() -> None:
    """Print a line a photo and a summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with caliterra/ and orthos/")
    data = parser.parse_args().data
    site = load_site(data / "caliterra")
    own = _features(site.ground.pixels, site.ground.gsd_m)
    crops = [read_image(path) for path in sorted((data / "orthos/estonia").glob("*.jpg"))[5::ORTHOS_EVERY]]
    wrong = [_features(crop, CROP_SIDE_M / max(crop.shape[:2])) for crop in crops]
    rng = np.random.default_rng(0)
    right, false = [], []
    with patch.object(homography_fit, "LEAST_INLIERS", FEWEST):
        for i in range(0, len(site.cameras), EVERY):
            photo = Photo(site.cameras[i].path, site.photos[i])
            found = _best(photo, own)
            false += [0 if best is None else best.inliers for best in (_best(photo, crop) for crop in wrong)]
            right.append(0 if found is None else found.inliers)
            line = f"{photo.path.name}: {right[-1]} inliers, wrong at most {max(false)}"
            if found is not None:
                view = site.posed_photo(i, 0)
                at = rng.uniform(0.2, 0.8, (PLACES, 2)) * view.size
                off = np.linalg.norm(found.map_points(at) * GSD_M - view.place(at) * site.ground.gsd_m, axis=1)
                expected = [float(np.sqrt(np.trace(found.covariance(place)))) * GSD_M for place in at]
                line += f", error {np.nanmedian(off):.2f} m, expected {np.median(expected):.2f} m"
            print(line, flush=True)  # noqa: T201
    verified = sum(count >= homography_fit.LEAST_INLIERS for count in right)
    print(f"verified {verified} of {len(right)}; of {len(false)} wrong pairs at most {max(false)} inliers")  # noqa: T201


def _features(pixels: NDArray[np.uint8], gsd_m: float) -> LocalFeatures:
    scale = gsd_m / GSD_M
    image = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    valid = np.asarray(image.any(-1))
    return RootSift().features(image, valid, int(FINE.density * valid.sum()) + 200)


def _best(photo: Photo, reference: LocalFeatures) -> homography_fit.HomographyFit | None:
    matcher = RootSift()
    best: homography_fit.HomographyFit | None = None
    views = PhotoKeypoints(photo, matcher)
    for tilt in views.tilts:
        features = views.of_view(tilt, FINE)
        pairs = matcher.match(features, reference)
        found = homography_fit.fit_homography(features.points[pairs[:, 0]], reference.points[pairs[:, 1]])
        if found is not None and (best is None or found.inliers > best.inliers):
            best = found
    return best


if __name__ == "__main__":
    main()
