# SPDX-License-Identifier: GPL-2.0-or-later
"""What users read, in their language."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def tr(text: str) -> str:
    """The translation of a text; itself where there is none."""
    return QCoreApplication.translate("geoloc", text)
