"""A copy of a JPEG that tells where it was taken: EXIF's GPS and the camera's angles in XMP.

Nothing of the picture is decoded: the copy has the original's segments with these two in place of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from geoloc.errors import OutputError, PhotoError
from geoloc.photo.metadata import position_tags
from geoloc.pose.camera_pose import CameraPose
from geoloc.system.output import check_output, make_folder, replacing

SUFFIXES = (".jpg", ".jpeg")
_SOI, _APP0, _APP1, _SCAN = 0xD8, 0xE0, 0xE1, 0xDA
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_LONGEST = 65_533
"""Bytes that a segment holds."""
_GIMBAL_MAKERS = ("dji", "hasselblad", "autel")
"""Makers whose angles programs look for as a gimbal's; those of others as Pix4D writes them."""
_TOLD = re.compile(
    r"""\s*[\w-]+:(?:Gimbal(?:Yaw|Pitch|Roll)Degree|Camera(?:Yaw|Pitch|Roll)Degree|RelativeAltitude|AbsoluteAltitude"""
    r"""|GpsLatitude|GpsLong(?:t)?itude)\s*=\s*(?:"[^"]*"|'[^']*')|\s*Camera:(?:Yaw|Pitch|Roll)\s*=\s*(?:"[^"]*"|'[^']*')"""
    r"""|<([\w-]+:(?:Gimbal(?:Yaw|Pitch|Roll)Degree|Camera(?:Yaw|Pitch|Roll)Degree|RelativeAltitude|AbsoluteAltitude"""
    r"""|GpsLatitude|GpsLong(?:t)?itude)|Camera:(?:Yaw|Pitch|Roll))>[^<]*</\1>"""
)
"""What an original's XMP tells of the same, and the copy tells anew."""
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
)
_END = "</rdf:RDF>"
_DJI = ("drone-dji", "http://www.dji.com/drone-dji/1.0/")
_PIX4D = ("Camera", "http://pix4d.com/camera/1.0")


def check_copies(folder: Path, photos: Sequence[Path], overwrite: bool) -> None:
    """Fail early where copies of photos could not be written into a folder later.

    Raises:
        OutputError: a photo is no JPEG, two have one name, the folder cannot be made or written to, or a file of that
            name is there, which may be the photo itself.
    """
    make_folder(folder)
    twice = [name for name, count in Counter(photo.name for photo in photos).items() if count > 1]
    if twice:
        raise OutputError(f"{folder}: several photos are called {twice[0]!r}, and a folder holds one; write them apart")
    for photo in photos:
        check_output(folder / photo.name, SUFFIXES, overwrite, (photo,))


def write_copy(photo: Path, pose: CameraPose, folder: Path, *, overwrite: bool = False) -> Path:
    """Write a copy of a photo that tells its pose; the photo itself stays as it is.

    Latitude, longitude, the direction of the photo's up and the error of the place are EXIF's; XMP has the angles, as a
    gimbal's for drones whose files have those, else as Pix4D's "Camera", and the height over the ground. EXIF's
    height above the sea stays as the photo has it: a mosaic does not tell how high the ground is.

    Args:
        photo: a JPEG.
        pose: of it, upright.
        folder: where the copy goes, under the same name.
        overwrite: replace a file that is there, never the photo.

    Returns:
        The copy's path.

    Raises:
        PhotoError: the photo is no JPEG, or a damaged one.
        OutputError: see `check_copies`; or what its EXIF and XMP hold does not fit beside the pose.
    """
    target = folder / photo.name
    check_copies(folder, [photo], overwrite)
    data = photo.read_bytes()
    try:
        with Image.open(photo, formats=["JPEG"]) as image:
            exif, xmp = image.getexif(), image.info.get("xmp", b"")
        segments = list(_segments(data))
    except (OSError, SyntaxError, ValueError, IndexError) as error:
        raise PhotoError(f"{photo}: not a JPEG that can be copied ({error})") from error
    maker = str(exif.get(ExifTags.Base.Make, "")).strip("\0 ").casefold()
    told = [_EXIF + _exif_bytes(exif, pose), _XMP + _packet(xmp, pose, maker).encode()]
    if max(map(len, told)) > _LONGEST:
        raise OutputError(f"{target}: what the photo's EXIF and XMP hold leaves no room; write a geo.txt instead")
    kept = [part for part in segments if not (part[1] == _APP1 and part[4:].startswith((_EXIF, _XMP)))]
    head = [part for part in kept[:1] if part[1] == _APP0]
    with replacing(target) as temporary:
        rest = data[sum(map(len, segments)) + 2 :]
        new = [bytes([0xFF, _APP1]) + (len(one) + 2).to_bytes(2, "big") + one for one in told]
        temporary.write_bytes(b"".join([data[:2], *head, *new, *kept[len(head) :], rest]))
    return target


def _segments(data: bytes) -> Iterator[bytes]:
    """Segments of a JPEG between its start and its picture, marker and length included.

    Raises:
        ValueError: it is none.
    """
    if data[:2] != bytes([0xFF, _SOI]):
        raise ValueError("it does not begin as one")
    at = 2
    while data[at + 1] != _SCAN:
        if data[at] != 0xFF:
            raise ValueError("its segments are damaged")
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at : at + length]
        at += length


def _exif_bytes(exif: Image.Exif, pose: CameraPose) -> bytes:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps.update(position_tags(*pose.lonlat))
    gps.update({
        ExifTags.GPS.GPSImgDirectionRef: "T",
        ExifTags.GPS.GPSImgDirection: IFDRational(round(pose.heading_deg * 1000) % 360_000, 1000),
        ExifTags.GPS.GPSHPositioningError: IFDRational(round(pose.place_error_m * 1000), 1000),
    })  # fmt: skip
    return exif.tobytes().removeprefix(_EXIF)


def _packet(original: bytes | str, pose: CameraPose, maker: str) -> str:
    """The original's XMP with the pose in it, or a new one where it has none that can be added to."""
    text = original if isinstance(original, str) else original.decode("utf-8", "replace")
    text = _TOLD.sub("", text) if _END in text else _PACKET
    gimbal = maker in _GIMBAL_MAKERS
    yaw, pitch, roll = pose.camera.gimbal_deg if gimbal else pose.camera.aircraft_deg
    angles = dict(zip(("Yaw", "Pitch", "Roll"), (yaw, pitch, roll), strict=True))
    prefix, address = _DJI if gimbal else _PIX4D
    told = {f"{prefix}:Gimbal{name}Degree" if gimbal else f"{prefix}:{name}": angle for name, angle in angles.items()}
    told["drone-dji:RelativeAltitude"] = pose.height_m
    spaces = "".join(f'\n    xmlns:{name}="{where}"' for name, where in {_DJI, (prefix, address)})
    values = "".join(f'\n    {name}="{value:+.4f}"' for name, value in told.items())
    return text.replace(_END, f'<rdf:Description rdf:about=""{spaces}{values}/>\n {_END}')
