"""The `geoloc` command of this checkout, `python cli.py ...`; all of it stands in `geoloc.commands`."""

from geoloc.commands.main import main, run

__all__ = ["main"]

if __name__ == "__main__":
    run()
