"""A user's own mosaic as training data: how large it has to be, known without torch and before any pixel is read."""
