"""What a search looks at: a reference's features, encoded or read block by block and put together to windows."""
