"""A camera at eye level is found by the ground round it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.geometry.stand import METRES_A_DEGREE, STEP_M, find_stands
from geoloc.geometry.unrolled import REACH_M, unrolled
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, ground_of
from tests.helpers.noise import noise
from tiling.grid import WGS84, Grid, transformer
from tiling.mosaic import Mosaic, open_mosaic
