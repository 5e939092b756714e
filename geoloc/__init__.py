"""geoloc: click an object in a photograph, get its polygon on the map."""

__version__ = "0.1.0"
