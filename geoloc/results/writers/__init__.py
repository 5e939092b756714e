"""Vector files of rows, a module a kind: each is written as rows come, and memory does not grow with their number."""
