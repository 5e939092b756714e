# SPDX-License-Identifier: GPL-2.0-or-later
"""What users read, in their language."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

from .client import ToldError


def tr(text: str) -> str:
    """The translation of a text; itself where there is none."""
    return QCoreApplication.translate("geoloc", text)


def worded(error: Exception) -> str:
    """What went wrong, for a user."""
    if not isinstance(error, ToldError):
        # Put into words, translated, where it was raised.
        return str(error)
    return tr(error.text).format(**error.values) if error.values else tr(error.text)
