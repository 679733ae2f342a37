"""What is drawn where no photo can be had: animals, their surroundings, flowers, and the bases pretrained on them."""
