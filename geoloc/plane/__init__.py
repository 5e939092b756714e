"""Points of the pixel plane: homographies between pixel grids, and normal distributions of places."""
