"""Score: what a bundle is worth, measured on hidden photos."""
