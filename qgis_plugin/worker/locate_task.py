# SPDX-License-Identifier: GPL-2.0-or-later
"""One search as a task of QGIS."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsCoordinateReferenceSystem

from .worker_task import RequestTask


class LocateTask(RequestTask):
    """A request `locate`.

    Attributes:
        reference: name of what is searched, which the answers bear.
        crs: of the layer that the answers go to, where that is a new one.
    """

    def __init__(
        self,
        command: list[str],
        title: str,
        *,
        fields: dict,
        reference: str,
        crs: QgsCoordinateReferenceSystem,
        when_over: Callable[[LocateTask], None],
    ) -> None:
        """Prepare the search; see the class, and `RequestTask`."""
        super().__init__(command, title, kind="locate", fields=fields, when_over=when_over)
        self.reference = reference
        self.crs = crs
