"""Attacks on continuous inputs by gradients of the loss, one per file; ``space/`` says what may change in an input."""
