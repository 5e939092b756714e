# SPDX-License-Identifier: GPL-2.0-or-later
"""The style of layers of answers."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsVectorLayer

from ..texts import tr

ACCEPTED, REJECTED = "accepted", "rejected"
"""Values of the field `status` that the style knows; it is empty while nobody has judged."""
STYLE = Path(__file__).parents[1] / "styles" / "located_objects.qml"
_CATEGORIES = QgsMapLayer.StyleCategory.Symbology | QgsMapLayer.StyleCategory.Labeling


def apply_style(layer: QgsVectorLayer) -> None:
    """Style a layer of answers: rank 1 strong, accepted ones green, rejected ones faint; rank and score as labels.

    The style is a file, so that it can also be given to what the command line wrote (Layer Properties > Style > Load).
    """
    layer.loadNamedStyle(str(STYLE), False, _CATEGORIES)
    words = {
        "best answer": tr("best answer"),
        "other answers": tr("other answers"),
        "accepted": tr("accepted"),
        "rejected": tr("rejected"),
    }
    for rule in layer.renderer().rootRule().children():
        rule.setLabel(words[rule.label()])
