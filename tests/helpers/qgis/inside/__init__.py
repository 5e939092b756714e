"""Scripts that QGIS's own Python runs; only PyQGIS, the standard library and the repository are there."""
