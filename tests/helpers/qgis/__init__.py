"""QGIS for tests: running it apart from the tests' environment, a stand-in for geoloc, and files to look at."""
