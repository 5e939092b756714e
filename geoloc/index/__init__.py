"""A mosaic's reference features kept on disk: a Zarr store, how it is made, and a `Reference` that reads it.

Read in this order: `header`, `store`, `reference`, `build`. docs/index.md describes the format.
"""
