"""Files of pretrained weights: where they are, on this machine or on a hub. No torch."""
