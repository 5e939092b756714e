"""What an index says of itself comes back, and only what is ours."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from geoloc.features.blocks import BlockLayout
from geoloc.index.header import FORMAT, WITHOUT_KEYPOINTS, Header, IndexRequest, State
from geoloc.keypoints.packing import KeypointPacking
from tiling.fingerprint import FilePrint

AREA = box(15.1, 48.1, 15.123456789012345, 48.2)
HEADER = Header(
    preset="base",
    weights="a" * 64,
    request=IndexRequest((3, 2, 1), 0.25, AREA),
    mosaic=(FilePrint("m.tif", 5, 6, "EPSG:32633", (0.2, 0.0, 5e5, 0.0, -0.2, 5.4e6)),),
    crs="EPSG:32633",
    gsd_m=0.2,
    finest_m=0.1,
    middle_x=500_000.0,
    zoom=20,
    tiles_per_side=4,
    window_px=384,
    plan_gsd_m=0.2,
    area=AREA,
    layout=BlockLayout(12, 24, 36),
    descriptor=32,
    columns=3,
    rows=4,
    coarse_steps=(0.5, 1.5),
    fine_steps=(2.5,),
    coarse_nothing=(1, -2),
    fine_nothing=(3,),
    keypoints=KeypointPacking.for_squares(576),
    versions={"geoloc": "1"},
    state=State.UPDATING,
)


@given(
    st.one_of(st.none(), st.tuples(*3 * [st.integers(1, 9)])),
    st.one_of(st.none(), st.floats(0.01, 10)),
    st.floats(-179, 178),
    st.floats(-80, 80),
    st.sampled_from(State),
)
def test_it_comes_back_from_json(
    bands: tuple[int, ...] | None, gsd_m: float | None, lon: float, lat: float, state: State
) -> None:
    area = Polygon([(lon, lat), (lon + 1, lat), (lon + 1, lat + 1 / 3), (lon, lat + 1)])
    header = replace(HEADER, request=IndexRequest(bands, gsd_m, area), area=area, state=state)
    document = json.loads(json.dumps(header.to_json()))
    assert document["format"] == FORMAT
    assert Header.from_json(document) == header


@pytest.mark.parametrize("name", [field.name for field in fields(Header)])
def test_what_lacks_a_value_is_none_of_ours(name: str) -> None:
    document = HEADER.to_json()
    del document[name]
    with pytest.raises(KeyError):
        Header.from_json(document)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("weights", "b" * 64, False),
        ("layout", BlockLayout(12, 24, 48), False),
        ("coarse_steps", (0.5, 1.6), False),
        ("columns", 5, False),
        ("gsd_m", 0.3, True),
        ("versions", {}, True),
        ("keypoints", None, True),
        ("state", State.COMPLETE, True),
    ],
)
def test_blocks_of_another_state_of_the_mosaic_fit(name: str, value: object, fits: bool) -> None:
    assert HEADER.fits(replace(HEADER, **{name: value})) == fits


def test_an_older_header_is_read_and_says_what_the_index_lacks() -> None:
    older = replace(HEADER, keypoints=None)
    document = json.loads(json.dumps(older.to_json()))
    assert document["format"] == WITHOUT_KEYPOINTS
    assert "keypoints" not in document
    assert Header.from_json(document) == older
    assert HEADER.lacks is None
    assert older.lacks is not None
    assert "`geoloc index update` adds them" in older.lacks
