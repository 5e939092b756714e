# SPDX-License-Identifier: GPL-2.0-or-later
"""Algorithms for QGIS's Processing, which also run without a window and without a project, in qgis_process."""
