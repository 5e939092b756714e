"""How a camera was held, by what its photograph shows: the horizon, and edges that stand upright."""
