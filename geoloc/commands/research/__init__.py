"""Commands that few but the makers of weights need, a file a command."""
