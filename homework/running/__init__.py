"""Run a submission's notebook again, in a sandbox."""
