"""Points of the pixel plane: homographies, normal distributions of places, and pictures moved between pixel grids."""
