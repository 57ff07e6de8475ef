"""Worked solutions of machine-learning exam problems, with the reader's own numbers."""

__version__ = "0.1.0"
