"""How fast a search is, from a mosaic and from an index: `make bench-speed`."""
