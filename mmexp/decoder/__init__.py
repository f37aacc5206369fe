"""Text decoders: what predicts the next word of a text from the words before it, fused with the inputs."""
