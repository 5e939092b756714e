"""CVOGL and G2D: every field as published, nothing unpickled that could run, the protocol's figures by hand."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from cli import main
from geoloc.evaluation.labelled import summarise
from geoloc.evaluation.published import DatasetError, evaluate, read_split
from geoloc.model.localizer import Matches, Proposal
from geoloc.model.weights import Calibration
from tiling.box import PixelBox


@pytest.fixture
def copy(published_root: Path, tmp_path: Path) -> Path:
    shutil.copytree(published_root, tmp_path / "C")
    return tmp_path / "C"


def test_every_field_is_read(published_root: Path) -> None:
    raw = torch.load(published_root / "CVOGL_SVI/CVOGL_SVI_val.pth", weights_only=True)
    records = read_split("cvogl", published_root, "ground", "val")
    assert len(records) == len(raw) == 3
    for record, (ident, query, satellite, original, click, box, polygon, kind) in zip(records, raw, strict=True):
        assert record.id == ident
        assert record.query == published_root / "CVOGL_SVI/query" / query
        assert record.satellite == published_root / "CVOGL_SVI/satellite" / satellite
        assert record.original_click == tuple(original)
        assert record.click == tuple(click)
        assert record.box == tuple(box)
        assert record.polygon == tuple(polygon)
        assert record.kind == kind


@pytest.mark.parametrize(("task", "width"), [("drone", 256), ("ground", 512)])
def test_images_are_those_of_the_protocol_and_the_object_is_where_it_says(
    published_root: Path, task: str, width: int
) -> None:
    for record in read_split("cvogl", published_root, task, "train"):
        pair = record.load()
        assert pair.query.shape == (256, width, 3)
        assert pair.reference.shape == (1024, 1024, 3)
        assert pair.gsd_m == pytest.approx(0.2)
        x, y = pair.click.astype(int)
        column, row = ((pair.box[:2] + pair.box[2:]) / 2).astype(int)
        for colour in (pair.query[y, x], pair.reference[row, column]):
            assert colour[0] > 180
            assert colour[2] < 100


def test_names_say_where_on_the_map(published_root: Path) -> None:
    record = read_split("cvogl", published_root, "drone", "train")[1]
    grid = record.place.grid(1024, 1024)
    assert grid.crs.to_epsg() == 32618
    assert grid.affine * (512, 512) == pytest.approx((500400, 4649777.5))
    assert grid.affine * (0, 0) == pytest.approx((500400 - 102.4, 4649777.5 + 102.4))
    # UTM is a little off true metres.
    assert grid.ground_gsd() == pytest.approx(0.2, rel=1e-3)


@pytest.mark.parametrize("nested", [False, True])
def test_g2d_is_the_folder_or_the_one_in_it(published_root: Path, tmp_path: Path, nested: bool) -> None:
    shutil.copytree(published_root / "CVOGL_SVI", tmp_path / "G2D")
    records = read_split("g2d", tmp_path if nested else tmp_path / "G2D", "drone", "test")
    assert len(records) == 3
    assert records[0].load().query.shape == (256, 512, 3)


def test_old_files_of_torch_plain_pickles_and_numpys_numbers_are_read(copy: Path) -> None:
    path = copy / "CVOGL_DroneAerial/CVOGL_DroneAerial_test.pth"
    before = read_split("cvogl", copy, "drone", "test")
    raw = torch.load(path, weights_only=True)
    torch.save(raw, path, _use_new_zipfile_serialization=False)
    assert read_split("cvogl", copy, "drone", "test") == before
    typed = [(*r[:3], np.array(r[3]), [np.int64(v) for v in r[4]], np.array(r[5], np.float32), *r[6:]) for r in raw]
    for protocol in (2, 4):
        path.write_bytes(pickle.dumps(typed, protocol))
        assert read_split("cvogl", copy, "drone", "test") == before


def test_images_of_another_size_are_scaled_with_click_and_box(copy: Path) -> None:
    record = read_split("cvogl", copy, "drone", "test")[0]
    before = record.load()
    for path, factor in ((record.query, 2), (record.satellite, 2)):
        image = cv2.imread(str(path))
        cv2.imwrite(str(path), cv2.resize(image, None, fx=factor, fy=factor))
    raw = torch.load(copy / "CVOGL_DroneAerial/CVOGL_DroneAerial_test.pth", weights_only=True)
    first = (*raw[0][:4], [2 * v for v in raw[0][4]], [2 * v for v in raw[0][5]], *raw[0][6:])
    torch.save([first], copy / "CVOGL_DroneAerial/CVOGL_DroneAerial_test.pth")
    after = read_split("cvogl", copy, "drone", "test")[0].load()
    assert after.query.shape == before.query.shape
    assert after.click == pytest.approx(before.click)
    assert after.box == pytest.approx(before.box)
    assert after.gsd_m == before.gsd_m


class Evil:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("/tmp/geoloc_was_here"),)  # type: ignore[return-value]


def _evil(path: Path) -> None:
    torch.save([Evil()], path)


def _evil_plain(path: Path) -> None:
    path.write_bytes(pickle.dumps([Evil()]))


def _tensors(path: Path) -> None:
    torch.save([(torch.zeros(3),)], path)


def _text(path: Path) -> None:
    path.write_text("hello")


def _a_dict(path: Path) -> None:
    torch.save({"a": 1}, path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_evil, "refused"),
        (_evil_plain, "refused"),
        (_tensors, "refused"),
        (_text, "cannot be read|refused"),
        (_a_dict, "not a list of records"),
        (_empty, "cannot be read"),
        (Path.unlink, "no files \\*_test.pth there"),
    ],
)
def test_lists_that_are_none_are_refused_and_run_nothing(copy: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(copy / "CVOGL_SVI/CVOGL_SVI_test.pth")
    with pytest.raises(DatasetError, match=says) as caught:
        read_split("cvogl", copy, "ground", "test")
    assert "\n" not in str(caught.value)
    assert not Path("/tmp/geoloc_was_here").exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        (1, "../../etc/passwd", "query file"),
        (1, 7, "query file"),
        (2, "", "satellite file"),
        (3, (1,), "click in the original"),
        (4, ("a", "b"), "its click is"),
        (4, (1, float("nan")), "its click is"),
        (5, (5, 5, 5, 9), "is empty"),
        (5, (5, 5, 9), "its box is"),
        (6, (1, 2, 3, 4), "its polygon is"),
    ],
)
def test_a_record_that_makes_no_sense_is_named(copy: Path, field: int, value: object, says: str) -> None:
    path = copy / "CVOGL_SVI/CVOGL_SVI_test.pth"
    raw = torch.load(path, weights_only=True)
    raw[2] = tuple(value if i == field else v for i, v in enumerate(raw[2]))
    path.write_bytes(pickle.dumps(raw))
    with pytest.raises(DatasetError, match=says) as caught:
        read_split("cvogl", copy, "ground", "test")
    assert f"{path}, record 2" in str(caught.value)
    path.write_bytes(pickle.dumps([raw[0], raw[1][:5]]))
    with pytest.raises(DatasetError, match="record 1: not a tuple of 8"):
        read_split("cvogl", copy, "ground", "test")


def test_images_that_do_not_fit_are_named(copy: Path) -> None:
    records = read_split("cvogl", copy, "ground", "test")
    records[0].query.unlink()
    with pytest.raises(DatasetError, match="no such image"):
        records[0].load()
    records[1].query.write_bytes(b"x")
    with pytest.raises(DatasetError, match="cannot be read as an image"):
        records[1].load()
    cv2.imwrite(str(records[2].query), np.zeros((256, 300, 3), np.uint8))
    with pytest.raises(DatasetError, match="300 x 256 px; the protocol has 256 x 256 or 512 x 256"):
        records[2].load()


def test_clicks_boxes_and_names_that_lie_outside_are_named(copy: Path) -> None:
    path = copy / "CVOGL_DroneAerial/CVOGL_DroneAerial_test.pth"
    a, b, c = torch.load(path, weights_only=True)
    (copy / "CVOGL_DroneAerial/satellite/somewhere.jpg").write_bytes(
        (copy / "CVOGL_DroneAerial/satellite" / c[2]).read_bytes()
    )
    bad = [(*a[:4], (300, 5), *a[5:]), (*b[:5], (2000, 2000, 2100, 2100), *b[6:]), (*c[:2], "somewhere.jpg", *c[3:])]
    torch.save(bad, path)
    records = read_split("cvogl", copy, "drone", "test")
    for record, says in zip(records, ("click .* is outside", "box .* is outside", "no place on the map"), strict=True):
        with pytest.raises(DatasetError, match=says):
            record.load()


class Seer:
    """A network that answers the true boxes, moved by as many pixels as it is told, one after another."""

    name = "seer"
    calibration = Calibration()

    def __init__(self, boxes: Sequence[tuple[float, ...]], off: Sequence[float]) -> None:
        self.boxes = [PixelBox(*box).shifted(by, 0) for box, by in zip(boxes, off, strict=True)]

    def encode_queries(self, queries: Sequence[Any], targets: Sequence[int]) -> list[Any]:
        (query,) = queries
        assert query.image.shape == (256, 512, 3)
        return []

    def encode_reference(self, rgb: np.ndarray, valid: np.ndarray) -> None:
        assert rgb.shape == (1024, 1024, 3)
        assert valid.all()

    def propose(self, encoded: Any, window: Any, valid: np.ndarray, most: int) -> Matches:
        return Matches((Proposal(0, self.boxes.pop(0), 0.0, 1.0),), {0: 0.0})


def test_the_protocols_figures(published_root: Path) -> None:
    records = read_split("cvogl", published_root, "ground", "test")
    widths = [record.box[2] - record.box[0] for record in records]
    # Moved by half its width a box overlaps by a third; by 0.7 of it, by 0.3 / 1.7.
    seer = Seer([record.box for record in records], [0.0, 0.5 * widths[1], 0.7 * widths[2]])
    told: list[tuple[int, int]] = []
    outcomes = evaluate(records, seer, lambda done, total: told.append((done, total)))  # type: ignore[arg-type]
    figures = summarise(outcomes)
    assert figures["acc_025"] == pytest.approx(2 / 3)
    assert figures["acc_050"] == pytest.approx(1 / 3)
    assert figures["mean_iou"] == pytest.approx((1 + 1 / 3 + 0.3 / 1.7) / 3, abs=1e-6)
    assert figures["median_error_m"] == pytest.approx(0.5 * widths[1] * 0.2, rel=2e-3)
    assert outcomes[0].best is not None
    assert outcomes[0].best.score == pytest.approx(0.5)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_command(published_root: Path) -> None:
    args = ["evaluate", "--dataset", "cvogl", str(published_root), "--task", "drone", "--split", "val", "--json"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["queries"] == 3


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--mosaic", "m.tif"], "Give --queries and --mosaic or --index, or --dataset"),
        (["--gsd", "0.3"], "no bands, GSD or area"),
        (["--near", "1,2"], "no bands, GSD or area"),
    ],
)
def test_a_dataset_says_itself_what_is_searched(published_root: Path, more: list[str], says: str) -> None:
    result = CliRunner().invoke(main, ["evaluate", "--dataset", "cvogl", str(published_root), *more])
    assert result.exit_code == 2
    assert says in result.stderr
    alone = CliRunner().invoke(main, ["evaluate", "--queries", "q.csv"])
    assert alone.exit_code == 2
