"""Which training samples an epoch holds, in which order."""
