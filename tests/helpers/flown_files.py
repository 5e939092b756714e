"""Rough ground and photos of it as files, for commands that match for real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from tests.helpers.rough_ground import flown, rough, write_ground

FILM_MM = 30
"""The 35 mm equivalent of the focal length of `flown`, rounded as cameras do."""
TILT_DEG, HEADING_DEG = 50.0, 30.0


def write_flown(folder: Path) -> np.ndarray:
    """Write m.tif, flown.jpg and noise.jpg; return the way from photo to mosaic pixels, 3 x 3."""
    write_ground(folder / "m.tif", rough(0))
    photo, matrix = flown(TILT_DEG, HEADING_DEG, told=True)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = FILM_MM
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:own="http://own/" own:Kept="yes" own:GimbalPitchDegree="-40.0"'
        ' own:GimbalYawDegree="170.0"/></rdf:RDF></x:xmpmeta>'
    )
    Image.fromarray(photo.pixels).save(folder / "flown.jpg", quality=95, exif=exif, xmp=xmp.encode())
    noise = np.random.default_rng(9).integers(0, 255, photo.pixels.shape, dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.jpg")
    return matrix
