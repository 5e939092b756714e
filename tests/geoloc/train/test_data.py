"""The mix of training data: what is read, what is held out, how often each kind is drawn."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from geoloc.errors import TrainingError
from geoloc.train import orthophoto, posed
from geoloc.train.data import (
    SHARE_ABSENT,
    SHARE_POSED,
    SHARE_UCMERCED,
    Batch,
    PairStream,
    Sources,
    collate,
    draw,
    load_sources,
    loader,
)
from geoloc.train.orthophoto import Orthophoto, Ranges
from geoloc.train.posed import PosedSite
from geoloc.train.record import QUERY_CELLS, QUERY_PX, REFERENCE_PX, Record

ESTONIA = ("image_0_01_05", "image_15_04_01", "image_15_05_02", "image_1_02_01", "image_2_01_05", "image_20_01_01")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, make_site: Callable[..., Path], ground: np.ndarray) -> Path:
    """Training data as it lies on disk, in small."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "orthos/estonia").mkdir(parents=True)
    (folder / "orthos/ucmerced").mkdir()
    for i, name in enumerate(ESTONIA):
        picture = ground[:400, :400, ::-1].copy()
        picture[396:, :, 0] = 10 * i
        cv2.imwrite(str(folder / f"orthos/estonia/{name}.jpg"), picture)
    # What is held out, under another name.
    shutil.copy(folder / "orthos/estonia/image_15_05_02.jpg", folder / "orthos/estonia/image_10_05_02.jpg")
    boxes = [[100.0, 120.0, 40.0, 30.0, "Building"], [0.0, 50.0, 60.0, 20.0, "Car"], [380.0, 200.0, 20.0, 9.0, "Bus"]]
    entry = {"gsd_m": 0.2, "width": 400, "height": 400}
    described = {f"{name}.jpg": entry | {"boxes_xywh": boxes} for name in ESTONIA[:3]}
    described["image_2_01_05.jpg"] = entry | {"boxes_xywh": []}
    (folder / "orthos/estonia/boxes.json").write_text(json.dumps(described))
    for i in range(45):
        cv2.imwrite(str(folder / f"orthos/ucmerced/kind{i:02}.jpg"), ground[i : 256 + i, :256, ::-1])
    shutil.copytree(make_site([40] * 6, [0, 10, 20, 0, 10, 20]), folder / "caliterra")
    return folder


@pytest.fixture(scope="module")
def sources(root: Path) -> Sources:
    return load_sources(root, held_out=False)


def names(sources: Sources) -> tuple[set[str], set[str], set[str]]:
    photos = {camera.path.name for site in sources.sites for camera in site.cameras}
    return {o.name for o in sources.boxed}, {o.name for o in sources.small}, photos


def test_what_is_held_out_is_not_trained_on(root: Path, sources: Sources) -> None:
    held = load_sources(root, held_out=True)
    for here, there, count in zip(names(sources), names(held), (6, 45, 6), strict=True):
        assert here
        assert there
        assert not here & there
        assert len(here | there) == count
    assert names(held)[0] == {"image_15_05_02", "image_2_01_05"}


def test_boxes_become_corners_and_those_cut_by_the_edge_are_left_out(sources: Sources) -> None:
    by_name = {ortho.name: ortho for ortho in sources.boxed}
    assert by_name["image_0_01_05"].boxes.tolist() == [[100, 120, 140, 150]]
    assert by_name["image_0_01_05"].gsd_m == 0.2
    # Without an entry: 200 m a side, no boxes.
    assert by_name["image_20_01_01"].boxes.shape == (0, 4)
    assert by_name["image_20_01_01"].gsd_m == pytest.approx(0.5)


def test_pictures_are_red_green_blue(sources: Sources, ground: np.ndarray) -> None:
    wrong = np.abs(sources.boxed[0].pixels.astype(int) - ground[:400, :400])
    assert np.median(wrong) < 6


def _no_orthos(root: Path) -> None:
    shutil.rmtree(root / "orthos")


def _no_boxes(root: Path) -> None:
    (root / "orthos/estonia/boxes.json").unlink()


def _broken_boxes(root: Path) -> None:
    (root / "orthos/estonia/boxes.json").write_text("[")


def _no_crops(root: Path) -> None:
    shutil.rmtree(root / "orthos/ucmerced")


def _a_broken_picture(root: Path) -> None:
    (root / "orthos/estonia/image_0_01_05.jpg").write_bytes(b"\xff\xd8\xff")


def _no_site(root: Path) -> None:
    shutil.rmtree(root / "caliterra")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_no_orthos, "no training data here"),
        (_no_boxes, "boxes.json: cannot be read"),
        (_broken_boxes, "boxes.json: cannot be read"),
        (_no_crops, "no orthophotos"),
        (_a_broken_picture, "image_0_01_05.jpg: cannot be read"),
        (_no_site, "caliterra: not a posed site"),
    ],
)
def test_unusable_data_is_told_in_one_line(
    root: Path, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(root, copy)
    spoil(copy)
    with pytest.raises(TrainingError, match=says) as caught:
        load_sources(copy, held_out=False)
    assert "\n" not in str(caught.value)


def a_pair() -> Record:
    return Record(
        query=np.zeros((QUERY_PX, QUERY_PX, 3), np.uint8),
        click=np.zeros(2, np.float32),
        reference=np.zeros((REFERENCE_PX, REFERENCE_PX, 3), np.uint8),
        box=np.zeros(4, np.float32),
        present=True,
        sized=True,
        matches=np.zeros((QUERY_CELLS, QUERY_CELLS, 2), np.float32),
    )


def test_each_kind_is_drawn_as_often_as_stated(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: Counter[str] = Counter()
    pair = a_pair()
    small = {id(ortho) for ortho in sources.small}

    def from_site(site: PosedSite, rng: np.random.Generator, ranges: Ranges) -> Record:
        drawn["posed"] += 1
        return pair

    def from_ortho(ortho: Orthophoto, rng: np.random.Generator, ranges: Ranges) -> Record:
        drawn["small" if id(ortho) in small else "boxed"] += 1
        return pair

    monkeypatch.setattr(posed, "make_pair", from_site)
    monkeypatch.setattr(orthophoto, "make_pair", from_ortho)
    monkeypatch.setattr(orthophoto, "other_window", lambda ortho, rng, ranges: pair.reference)
    rng = np.random.default_rng(0)
    count = 3000
    absent = sum(not draw(sources, rng, Ranges()).present for _ in range(count)) / count
    assert drawn["posed"] / count == pytest.approx(SHARE_POSED, abs=0.04)
    assert drawn["small"] / count == pytest.approx(SHARE_UCMERCED, abs=0.03)
    assert drawn.total() == count
    assert SHARE_ABSENT - 0.06 < absent <= SHARE_ABSENT + 0.02
    assert all(draw(sources, rng, Ranges(), share_absent=0).present for _ in range(200))


def test_an_absent_object_lies_in_another_place(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    origin: list[object] = []
    pair = a_pair()
    monkeypatch.setattr(posed, "make_pair", lambda site, rng, ranges: (origin.append(site.ortho), pair)[1])
    monkeypatch.setattr(orthophoto, "make_pair", lambda ortho, rng, ranges: (origin.append(ortho), pair)[1])
    elsewhere: list[object] = []
    monkeypatch.setattr(
        orthophoto, "other_window", lambda ortho, rng, ranges: (elsewhere.append(ortho), pair.reference)[1]
    )
    rng = np.random.default_rng(1)
    kinds = set()
    for _ in range(1500):
        elsewhere.clear()
        made = draw(sources, rng, Ranges(), share_absent=1)
        if made.present:
            continue
        assert not made.sized
        assert np.isnan(made.matches).all()
        assert elsewhere[0] is not origin[-1]
        kinds.add(next(kind for kind, pool in _pools(sources).items() if any(elsewhere[0] is o for o in pool)))
    assert kinds == {"boxed", "small", "site"}


def _pools(sources: Sources) -> dict[str, list[Orthophoto]]:
    sites = [site.ortho for site in sources.sites]
    return {"boxed": list(sources.boxed), "small": list(sources.small), "site": sites}


def test_draws_that_make_no_pair_are_repeated(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([None, None, None, a_pair()])
    monkeypatch.setattr(posed, "make_pair", lambda *args: next(answers))
    monkeypatch.setattr(orthophoto, "make_pair", lambda *args: next(answers))
    assert draw(sources, np.random.default_rng(0), Ranges(), share_absent=0).present
    assert next(answers, "all asked for") == "all asked for"


def tensors(batch: Batch) -> list[torch.Tensor]:
    return [getattr(batch, name) for name in Batch.__slots__]


def test_a_stream_is_the_same_for_the_same_seed(sources: Sources) -> None:
    first, again, other = (next(iter(PairStream(sources, 3, seed, Ranges()))) for seed in (1, 1, 2))
    for a, b in zip(tensors(first), tensors(again), strict=True):
        assert torch.equal(torch.nan_to_num(a.float()), torch.nan_to_num(b.float()))
    assert not torch.equal(first.query, other.query)


def test_batches_go_on_changing(sources: Sources) -> None:
    batches = iter(loader(PairStream(sources, 2, 0, Ranges()), workers=0))
    first, second = next(batches), next(batches)
    assert not torch.equal(first.query, second.query)


def test_a_batch_has_the_shapes_that_the_network_wants(sources: Sources) -> None:
    batch = next(iter(PairStream(sources, 3, 0, Ranges())))
    assert batch.query.shape == (3, 3, QUERY_PX, QUERY_PX)
    assert batch.reference.shape == (3, 3, REFERENCE_PX, REFERENCE_PX)
    assert batch.query.dtype == batch.reference.dtype == torch.uint8
    assert batch.click.shape == (3, 2)
    assert batch.box.shape == (3, 4)
    assert batch.matches.shape == (3, QUERY_CELLS, QUERY_CELLS, 2)
    assert batch.present.dtype == batch.sized.dtype == torch.bool


def test_channels_come_first_in_a_batch() -> None:
    pair = a_pair()
    pair.query[10, 20] = (1, 2, 3)
    assert collate([pair]).query[0, :, 10, 20].tolist() == [1, 2, 3]


def test_a_worker_of_its_own_makes_batches(sources: Sources) -> None:
    few = Sources(sources.boxed[:1], sources.small[:1], sources.sites)
    batches = iter(loader(PairStream(few, 1, 0, Ranges()), workers=1))
    first, second = next(batches), next(batches)
    assert first.query.shape == (1, 3, QUERY_PX, QUERY_PX)
    assert not torch.equal(first.query, second.query)
