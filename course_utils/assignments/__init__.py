"""A student's side of the homework: the variant, the instant checks, and the packing of what is handed in."""
