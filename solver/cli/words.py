"""The words of the command line: its commands, and what some options may be."""

from __future__ import annotations

COMMANDS = ("grade", "merge", "validate", "new", "kinds", "schema", "examples", "completion")
FORMATS = ("terminal", "json")
REPORTS = ("terminal", "json", "csv", "markdown", "gradescope")
TEMPLATES = ("csv", "yaml")
DETAILS = ("brief", "normal", "full")
