"""A photograph as a search uses it: its upright pixels, what its metadata tells, what was clicked, crops round that,
and how it looks from above.
"""
