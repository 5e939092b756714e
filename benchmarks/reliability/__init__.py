"""How geoloc holds out: fuzzing where files and requests enter, faults in the middle of work, and load."""
