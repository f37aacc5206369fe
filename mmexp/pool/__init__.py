"""Pooling: the tokens of one modality become one vector."""
