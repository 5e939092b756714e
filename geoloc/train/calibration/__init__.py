"""What a score means: searches of held-out ground, and the law fitted to their hits."""
