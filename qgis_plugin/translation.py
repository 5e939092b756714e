# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin's texts in the language of QGIS."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

_FOLDER = Path(__file__).with_name("i18n")


def language() -> str:
    """Return the code of QGIS's language, such as "de"."""
    stored = QgsSettings()
    chosen = stored.value("locale/userLocale", "", str) if stored.value("locale/overrideFlag", False, bool) else ""
    return (chosen or QLocale.system().name())[:2]


def install() -> QTranslator | None:
    """Install the translation into QGIS's language and return it; None where there is none."""
    path = _FOLDER / f"geoloc_{language()}.qm"
    translator = QTranslator()
    if not path.is_file() or not translator.load(str(path)):
        return None
    QCoreApplication.installTranslator(translator)
    return translator


def remove(translator: QTranslator | None) -> None:
    """Remove what `install` returned."""
    if translator is not None:
        QCoreApplication.removeTranslator(translator)
