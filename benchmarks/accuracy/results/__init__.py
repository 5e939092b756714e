"""What methods made of queries: records, their statistics, the table, and failures drawn."""
