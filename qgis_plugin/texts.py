# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts in the language of the user."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

from .worker.client import UserError


def tr(text: str) -> str:
    """Return the translation of a text; itself where there is none."""
    return QCoreApplication.translate("geoloc", text)


def worded(error: Exception) -> str:
    """Return the text of an error in the user's language."""
    if not isinstance(error, UserError):
        # Translated where it was raised.
        return str(error)
    return tr(error.text).format(**error.values) if error.values else tr(error.text)
