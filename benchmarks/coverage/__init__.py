"""How often the error that a verified answer tells covers the true one, by how and where the photo sees the object."""
