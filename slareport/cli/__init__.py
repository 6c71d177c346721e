"""The commands. They parse, print and choose the exit code; everything else is elsewhere."""

from slareport.cli import beginning, making, reading, reviewing
from slareport.cli.app import app

__all__ = ["app", "beginning", "making", "reading", "reviewing"]
