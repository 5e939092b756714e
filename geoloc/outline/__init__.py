"""What, not only where: the outline of an object whose place is known, drawn from the mosaic's own pixels."""
