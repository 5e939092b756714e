"""Masks of CVOGL's records lie where their oriented outlines do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from geoloc.train.outlines.published import published_grounds


@pytest.mark.parametrize(("held_out", "count"), [(False, 5), (True, 3)])
def test_objects_are_masked_where_they_are(published_root: Path, held_out: bool, count: int) -> None:
    makers = published_grounds(published_root, held_out)
    assert len(makers) == count
    for name, make in makers.items():
        ground = make()
        assert (ground.name, ground.gsd_m) == (name, pytest.approx(204.8 / 1024))
        (item,) = ground.objects
        assert (item.kind, item.exact) == ("car", False)
        rows, columns = np.nonzero(item.mask)
        shown = ground.pixels[rows + item.corner[1], columns + item.corner[0]]
        # The object is red all over, and JPEG blurs its edge.
        assert (shown[:, 0] > 150).mean() > 0.95
        x0, y0, x1, y1 = item.box
        assert item.mask.sum() == pytest.approx((x1 - x0) * (y1 - y0), rel=0.05)


def test_an_outline_that_lies_askew_is_no_box(published_root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "CVOGL_DroneAerial"
    folder.mkdir()
    for name in ("query", "satellite"):
        (folder / name).symlink_to(published_root / "CVOGL_DroneAerial" / name)
    (path,) = (published_root / "CVOGL_DroneAerial").glob("*_train.pth")
    records = torch.load(path, weights_only=True)
    askew = [100.0, 200.0, 200.0, 100.0, 300.0, 200.0, 200.0, 300.0]
    torch.save([(*records[0][:6], askew, records[0][7])], folder / path.name)
    (make,) = published_grounds(tmp_path, held_out=False).values()
    (item,) = make().objects
    assert item.box == (100, 100, 300, 300)
    assert item.mask.sum() == pytest.approx(20_000, rel=0.03)
    assert not item.mask[5, 5]
    assert item.mask[100, 100]
