# SPDX-License-Identifier: GPL-2.0-or-later
"""geoloc as a process apart from QGIS: its environment, the client that speaks to it, the tasks that wait for it."""
