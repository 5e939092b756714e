"""Training of the mask head: grounds with the masks of their objects, chips drawn from them, and the fit."""
