# SPDX-License-Identifier: GPL-2.0-or-later
"""What a photo that was matched with the map is good for: linked cursors, cameras, drawing, photos of a place."""
