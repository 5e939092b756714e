"""What geoloc asks of the machine it runs on: files written whole, processes, threads, packages that may be missing."""
