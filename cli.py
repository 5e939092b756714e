"""The `geoloc` command of this checkout, `python cli.py ...`; all of it stands in `geoloc.commands`."""

from geoloc.commands.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main(prog_name="geoloc")
