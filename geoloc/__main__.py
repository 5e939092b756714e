"""`python -m geoloc`: the command line."""

from geoloc.commands.main import main

if __name__ == "__main__":
    main(prog_name="geoloc")
