"""What a search looks at: the features of a reference, encoded block by block and put together to windows."""
