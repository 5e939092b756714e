# SPDX-License-Identifier: GPL-2.0-or-later
"""Ids of the algorithms and of their parameters and outputs; models and scripts hold them, so none ever changes."""

from __future__ import annotations

PROVIDER = "geoloc"

LOCATE_OBJECT = "locateobject"
LOCATE_FROM_TABLE = "locateobjectsfromtable"
BUILD_INDEX = "buildindex"
TILE_PLAN = "tileplan"
PHOTO_POSE = "photopose"
MAP_FEATURES = "mapfeatures"
DRAPE_PHOTO = "drapephoto"
CHECK_ENVIRONMENT = "checkenvironment"

# Of a search.
REFERENCE = "REFERENCE"
INDEX = "INDEX"
EXTENT = "EXTENT"
AREA = "AREA"
NEAR = "NEAR"
WITHIN = "WITHIN"
USE_GPS = "USE_GPS"
TOP = "TOP"
ALL = "ALL"
GEOMETRY = "GEOMETRY"
EXHAUSTIVE = "EXHAUSTIVE"
DSM = "DSM"

# Of one object in one photo.
PHOTO = "PHOTO"
CLICK_X = "CLICK_X"
CLICK_Y = "CLICK_Y"
BOX = "BOX"
POLYGON = "POLYGON"

# Of a table of them.
INPUT = "INPUT"
PHOTO_FIELD = "PHOTO_FIELD"
X_FIELD = "X_FIELD"
Y_FIELD = "Y_FIELD"
OBJECT_FIELD = "OBJECT_FIELD"
FOLDER = "FOLDER"

# Of whole photos.
PHOTOS = "PHOTOS"
TO_PHOTO = "TO_PHOTO"

# Of an index and of a plan.
GSD = "GSD"
UPDATE = "UPDATE"

# Outputs.
OUTPUT = "OUTPUT"
CAMERAS = "CAMERAS"
FOOTPRINTS = "FOOTPRINTS"
COUNT = "COUNT"
BEST_SCORE = "BEST_SCORE"
FAILED = "FAILED"
BLOCKS = "BLOCKS"
SIZE_MB = "SIZE_MB"
VERSION = "VERSION"
PYTHON = "PYTHON"
