"""Published networks that ours is compared with: DetGeo, summation, and the paper's own; no search uses them."""
