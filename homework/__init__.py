"""Homework for a class: variants for each student, release, scoring by a process of its own, one gradebook."""
