"""The commands. They parse, print and choose the exit code; everything else is elsewhere."""

from slareport.cli import agreeing, beginning, changing, making, reading, reviewing, watching
from slareport.cli.app import app

__all__ = ["agreeing", "app", "beginning", "changing", "making", "reading", "reviewing", "watching"]
