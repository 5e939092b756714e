# SPDX-License-Identifier: GPL-2.0-or-later
"""What users see: the dock with its panels, and the page of settings."""
