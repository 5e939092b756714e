"""geoloc as a local page: a photo is clicked in a browser, its answers are shown on the mosaic."""
