"""Search for the most probable output of a model: greedy, beam, sampling, prefix beam."""
