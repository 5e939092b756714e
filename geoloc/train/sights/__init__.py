"""Training of the sight head on clicks in synthetic towns, each with the strip of the mosaic before its camera."""
