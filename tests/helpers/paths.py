"""Where things are that tests look at beside the package."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""Of the repository."""
SHARED_DATA = ROOT.parent / "shared" / "data"
"""Real imagery, which is no part of the project; tests that use it say so and skip where it is absent."""
