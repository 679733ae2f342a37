"""How photos and weights get here: downloads, archives, and the folders that they fill."""
