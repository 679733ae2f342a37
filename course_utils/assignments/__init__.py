"""A student's side of the homework: the variant, the instant checks, and the packing of what is handed in."""

# What stands in the notebook of an assignment where the student's own lines go. Here, since the workshop reads it
# before any package is installed.
STUDENTS_LINE = "...  # your code here"
