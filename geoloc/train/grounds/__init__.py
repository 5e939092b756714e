"""What is trained on: orthophotos with their objects, photographs with known places, and where they come from."""
