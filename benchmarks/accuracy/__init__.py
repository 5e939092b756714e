"""The accuracy benchmark: every method on every set of queries, one table (`make bench-accuracy`).

Read in this order: `queries` (what is searched for), `methods` (who answers), `results` (statistics, the table, what a
later run goes on from), `bench` (all of it).
"""
