# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin remembers: where geoloc is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from qgis.core import QgsApplication, QgsSettings

from . import environment

_PYTHON = "geoloc/python"


def python() -> str:
    """A Python, the folder of an environment, or geoloc's program; "" for the managed environment."""
    return str(QgsSettings().value(_PYTHON, "") or "")


def set_python(path: str) -> None:
    """Remember it."""
    QgsSettings().setValue(_PYTHON, path.strip())


def managed_folder() -> Path:
    """Of the environment that the plugin makes, in the user's profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "geoloc" / "venv"


def worker_command() -> list[str]:
    """The words that start geoloc's worker.

    Raises:
        environment.SetupError: there is no geoloc.
    """
    return environment.command(python(), managed_folder())


def proxy() -> str:
    """QGIS's own proxy as an address; empty where it uses none."""
    stored = QgsSettings()
    if not stored.value("proxy/proxyEnabled", False, bool):
        return ""
    host, port = stored.value("proxy/proxyHost", "", str), stored.value("proxy/proxyPort", "", str)
    if not host:
        return ""
    user, password = stored.value("proxy/proxyUser", "", str), stored.value("proxy/proxyPassword", "", str)
    kind = "socks5" if "Socks5" in stored.value("proxy/proxyType", "", str) else "http"
    who = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"{kind}://{who}{host}{':' + port if port else ''}"
