"""The maintainers' workshop: ``python -m tools COMMAND``, which every make target calls."""
