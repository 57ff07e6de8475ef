"""Answers with the mistakes that students, books and courses make, and what a marker should say of each.

`make.py` writes `cases.yaml`; the other scripts compute the wrong numbers by making the mistake, in plain numpy
and without anything of `solver`. `marked.py` has the program mark them.
"""
