# SPDX-License-Identifier: GPL-2.0-or-later
"""Algorithms for QGIS's Processing; they need neither a window nor a project, and also run in qgis_process."""
