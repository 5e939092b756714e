"""The sight head: what a camera at eye level sees, told on the mosaic before it."""
