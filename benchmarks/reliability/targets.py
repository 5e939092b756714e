"""Where what others made enters geoloc, as functions of bytes: each takes any, or a `GeolocError` says what is wrong.

Anything else that they raise is a fault. Mutations begin from `seeds`, which are right.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from geoloc.errors import GeolocError


def read_table(data: bytes) -> None:
    """A table of queries."""
    from geoloc.batch.queries import read_photo_queries

    with TemporaryDirectory() as folder:
        path = Path(folder) / "q.csv"
        path.write_bytes(data)
        try:
            queries = read_photo_queries(path)
        except GeolocError:
            return
    for query in queries.items:
        click = query.target.click
        assert math.isfinite(click.x), query
        assert math.isfinite(click.y), query


def read_metadata(data: bytes) -> None:
    """The EXIF block and the XMP text of a photo, parted by `SPLIT`; these never raise."""
    from PIL import Image

    from geoloc.photo.metadata import orientation
    from geoloc.photo.metadata import read_metadata as read

    exif, _, xmp = data.partition(SPLIT)
    image = Image.new("RGB", (40, 30))
    image.info |= {"exif": b"Exif\0\0" + exif, "xmp": xmp}
    found = read(image)
    assert 1 <= orientation(image) <= 8
    assert found.position is None or (abs(found.position[0]) <= 180 and abs(found.position[1]) <= 90), found
    assert found.heading_deg is None or 0 <= found.heading_deg < 360, found
    assert found.pitch_deg is None or -90 <= found.pitch_deg <= 90, found
    assert found.focal_px is None or 0 < found.focal_px < math.inf, found
    for height in (found.altitude_m, found.relative_altitude_m):
        assert height is None or math.isfinite(height), found


def hear_requests(data: bytes) -> None:
    """Lines of requests to the worker, up to where a job would begin."""
    from geoloc.worker.channel import Channel
    from geoloc.worker.fields import Fields
    from geoloc.worker.jobs import JOBS
    from geoloc.worker.loop import Server

    messages = io.BytesIO()
    channel = Channel(io.BytesIO(data), messages)
    server = Server(channel, frozenset(JOBS))
    for line in channel.lines():
        if not server.hear(line):
            break
    for fields in map(Fields, server.waiting_fields()):
        for read in (fields.search, fields.target, fields.thumbnail_px, lambda one=fields: one.path("photo")):
            try:
                read()
            except GeolocError:
                continue
    for message in map(json.loads, messages.getvalue().splitlines()):
        assert message["type"] in ("result", "error"), message


def read_pack(data: bytes) -> None:
    """The index of a pack of training data; its shards are as they should be."""
    from geoloc.train.grounds.pack import INDEX
    from geoloc.train.grounds.pack import read_pack as read

    (_pack() / INDEX).write_bytes(data)
    try:
        read(_pack())
    except GeolocError:
        return


def read_weights(data: bytes) -> None:
    """A file of weights."""
    from geoloc.model.packaged import network_checksum
    from geoloc.model.weights import read_tensors

    with TemporaryDirectory() as folder:
        path = Path(folder) / "w.safetensors"
        path.write_bytes(data)
        for read in (network_checksum, read_tensors):
            try:
                read(path)
            except GeolocError:
                continue


SPLIT = b"\0XMP\0"
TARGETS: dict[str, Callable[[bytes], None]] = {
    "table": read_table,
    "metadata": read_metadata,
    "protocol": hear_requests,
    "pack": read_pack,
    "weights": read_weights,
}
_XMP = (
    b'<rdf:Description drone-dji:GimbalYawDegree="-131.4" drone-dji:GimbalPitchDegree="-89.9" Camera:Pitch="3"'
    b' drone-dji:RelativeAltitude="+35.2" drone-dji:AbsoluteAltitude="+310.1" drone-dji:GpsLatitude="46.5"'
    b' drone-dji:GpsLongtitude="-91.2" GPano:ProjectionType="equirectangular"><Camera:Yaw>4</Camera:Yaw>'
)
_REQUESTS = (
    {"id": 1, "type": "hello", "protocol": 1},
    {"id": 2, "type": "locate", "photo": "/p.jpg", "click": [1, 2], "mosaics": ["/m.tif"], "thumbnails": 64},
    {"id": 3, "type": "locate", "photo": "/p.jpg", "box": [1, 2, 3, 4], "index": "/i.zarr", "near": [15, 48]},
    {"id": "a", "type": "batch", "queries": [{"number": 1, "photo": "/p.jpg", "polygon": [[1, 1], [9, 1], [5, 7]]}]},
    {
        "id": 4,
        "type": "plan",
        "mosaics": ["/m.tif"],
        "gsd": 0.5,
        "bands": [4, 3, 2],
        "bounds": [1, 2, 3, 4],
        "area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    },
    {"id": 5, "type": "cancel", "target": 2},
    {"id": 6, "type": "shutdown"},
)


def seeds(target: str) -> list[bytes]:
    """Return inputs of a target that are right."""
    if target == "table":
        text = "photo;click_x;click_y;photo_polygon\r\na.jpg;1,5;2;\r\nb.jpg;;;POLYGON ((1 1, 9 1, 5 7, 1 1))\r\n"
        plain = text.replace("1,5", "1.5").replace(", ", " ").replace(";", ",")
        return [text.encode(), plain.encode(), f"sep=;\n{text}".encode("utf-16"), text.encode("cp1252")]
    if target == "metadata":
        return [_exif() + SPLIT + _XMP]
    if target == "protocol":
        lines = [json.dumps(request).encode() + b"\n" for request in _REQUESTS]
        return [*lines, b"".join(lines)]
    if target == "pack":
        _pack()
        return [_index()]
    header = b'{"__metadata__":{"preset":"base"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    return [len(header).to_bytes(8, "little") + header + bytes(8)]


def _exif() -> bytes:
    from PIL import ExifTags, Image

    block = Image.Exif()
    block[ExifTags.Base.Make], block[ExifTags.Base.Orientation] = "Autel Robotics", 6
    gps, tags = ExifTags.GPS, ExifTags.Base
    block.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            gps.GPSLatitudeRef: "N",
            gps.GPSLatitude: (46.0, 50.0, 30.5),
            gps.GPSLongitudeRef: "W",
            gps.GPSLongitude: (91.0, 59.0, 38.0),
            gps.GPSAltitude: 198.6,
            gps.GPSImgDirectionRef: "T",
            gps.GPSImgDirection: 123.5,
        }
    )
    block.get_ifd(ExifTags.IFD.Exif).update(
        {tags.FocalLength: 3.6, tags.FocalLengthIn35mmFilm: 20, tags.FocalPlaneXResolution: 100.0}
    )
    return block.tobytes().removeprefix(b"Exif\0\0")


@cache
def _pack() -> Path:
    """A folder with the shards of a small pack."""
    import numpy as np

    from geoloc.train.grounds.collection import Collection
    from geoloc.train.grounds.ground import Ground
    from geoloc.train.grounds.pack import write_pack
    from geoloc.train.grounds.posed_photo import PosedPhoto

    folder = Path(mkdtemp(prefix="geoloc-pack-"))
    pixels, places = np.zeros((64, 64, 3), np.uint8), np.zeros((8, 8, 2), np.float32)
    none = np.zeros(0)
    ground = Ground(name="g", pixels=pixels, gsd_m=0.2, boxes=np.zeros((0, 4)), heights=none, crowns=np.zeros((0, 3)))
    photo = PosedPhoto("p", 0, pixels, places, 8, False)
    write_pack(folder, {"train": Collection((ground,), (photo,), (1.0,))}, size_mb=10)
    return folder


@cache
def _index() -> bytes:
    from geoloc.train.grounds.pack import INDEX

    return (_pack() / INDEX).read_bytes()
