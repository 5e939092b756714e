"""The command line, by click: a file a command, what they share in `shared`, those few need in `research`."""
