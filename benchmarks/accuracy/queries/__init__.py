"""Sets of clicks with their true boxes, and the mosaics that are searched for them."""
