"""The words of the command line: its commands, and what some options may be."""

from __future__ import annotations

COMMANDS = ("validate", "new", "kinds", "schema", "examples", "completion")
FORMATS = ("terminal", "json")
DETAILS = ("brief", "normal", "full")
