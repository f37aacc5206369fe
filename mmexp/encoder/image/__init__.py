"""Encoders of images, as uint8 tensors."""
