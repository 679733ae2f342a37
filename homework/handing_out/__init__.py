"""Hand out: each student's variant and notebook."""
