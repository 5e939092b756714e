# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings that the plugin keeps: where geoloc is, and the heights that photos are matched on."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from qgis.core import QgsApplication, QgsSettings

from .worker import environment

_PYTHON, _DSM = "geoloc/python", "geoloc/dsm"


def python() -> str:
    """Return the path of a Python, of an environment's folder, or of geoloc's program; "" for the managed one."""
    return str(QgsSettings().value(_PYTHON, "") or "")


def set_python(path: str) -> None:
    """Keep the path of a Python, of an environment's folder, or of geoloc's program; "" for the managed one."""
    QgsSettings().setValue(_PYTHON, path.strip())


def dsm() -> str | None:
    """Return the path of the raster of heights that photos are matched on; None for a plane."""
    return str(QgsSettings().value(_DSM, "") or "") or None


def set_dsm(path: str) -> None:
    """Keep the path of a raster of heights; "" for none."""
    QgsSettings().setValue(_DSM, path.strip())


def managed_folder() -> Path:
    """Return the folder of the environment that the plugin creates, in the user's profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "geoloc" / "venv"


def worker_command() -> list[str]:
    """Return the words that start geoloc's worker.

    Raises:
        environment.SetupError: there is no geoloc.
    """
    return environment.command(python(), managed_folder())


def proxy() -> str:
    """Return the address of QGIS's own proxy; empty where it uses none."""
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
