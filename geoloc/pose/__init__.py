"""Where a photograph was taken from and where each of its pixels lies, by the plane that its matches verified."""
