# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors of layers and places, each with one translated line for the user."""

from __future__ import annotations


class LayerError(Exception):
    """A layer cannot be used; the text is one line saying what to do."""


class PlaceError(Exception):
    """A place cannot be used; the text is one line saying what to do."""
