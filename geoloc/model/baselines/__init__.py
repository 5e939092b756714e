"""The published networks that ours is compared with: DetGeo, summation, and the paper as published. Never searched with."""
