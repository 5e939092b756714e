"""Local features of a mosaic read from its index, so that geometry needs no pixels."""

from __future__ import annotations

from geoloc.index.reader import OpenIndex
from geoloc.keypoints.finding import shift
from geoloc.keypoints.keypoint_squares import KeptSquares, Square
from geoloc.keypoints.matcher import LocalFeatures
from geoloc.model.network.features import STRIDE


class IndexKeypoints:
    """A `KeypointSquares` whose squares are the blocks of an index that has local features."""

    def __init__(self, index: OpenIndex) -> None:
        """Take the index."""
        self._index = index
        self._kept = KeptSquares(self._read)

    @property
    def origin(self) -> tuple[int, int]:
        """Column and row of the first pixel of square (0, 0)."""
        layout = self._index.header.layout
        return STRIDE * layout.left, STRIDE * layout.top

    @property
    def side_px(self) -> int:
        """Pixels a side of every square."""
        return STRIDE * self._index.header.layout.side

    def features(self, square: Square) -> LocalFeatures:
        """Return what a square has, see `KeypointSquares`.

        Raises:
            IndexFileError: its block is missing or damaged.
        """
        return self._kept.get(square)

    def _read(self, square: Square) -> LocalFeatures:
        left, top = self.origin
        corner = shift(left + self.side_px * square.column, top + self.side_px * square.row)
        return self._index.keypoints((square.column, square.row)).moved(corner)
