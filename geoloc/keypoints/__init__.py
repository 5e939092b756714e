"""Local features (keypoints) of pictures: found and matched, and those of the ground kept square by square."""
