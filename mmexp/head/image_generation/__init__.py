"""Heads that generate images: flow matching, GAN, and the classifier that evaluates them."""
