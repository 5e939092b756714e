# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers of QGIS: rasters that are searched, places to search in, and answers as styled features."""
