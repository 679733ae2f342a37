"""Marks: the gradebook, the pages and the files for learning platforms."""
