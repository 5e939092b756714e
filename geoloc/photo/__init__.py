"""A photograph as a search uses it: upright pixels, metadata, what was clicked, crops, and views from above."""
