"""Homework: variants, submissions, their grading and the gradebook."""
