"""Files that are photographs but no ordinary pictures: raw ones, pictures of videos, colours of 16 bits."""
