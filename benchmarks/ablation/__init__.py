"""The ablation in whole mosaics: its networks search sets of the accuracy benchmark, each alone.

Read in this order: `trained` (the networks, and how each searches), `table` (figures, intervals, pages).
"""
