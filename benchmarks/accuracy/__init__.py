"""The accuracy benchmark: every method on every set of queries, one table (`make bench-accuracy`).

Read in this order: `figures` (statistics), `sets` (what is asked), `methods` (who answers), `store` (results that a
later run goes on from), `report` (the table), `sheets` (failures drawn).
"""
