"""A camp: tents and shelters in blocks on bare ground, with what serves them."""
