"""Augmentation of a training batch on its device, before the encoders."""
