"""A mosaic's reference features kept on disk, so that searches read what they would encode (docs/mosaic-index.md)."""
