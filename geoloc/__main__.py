"""`python -m geoloc`: the command line."""

from geoloc.commands.main import run

if __name__ == "__main__":
    run()
