"""Collect: the bundles that were handed in, and what is in them."""
