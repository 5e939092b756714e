"""Commands for what was found already."""
