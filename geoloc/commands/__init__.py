"""The command line: click and nothing else, a file a command, shared options once."""
