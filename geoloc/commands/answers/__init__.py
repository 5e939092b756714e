"""Commands that show answers as a page, and for what was found already."""
