"""What geoloc asks of the machine it runs on: files written whole, processes, threads, optional packages."""
