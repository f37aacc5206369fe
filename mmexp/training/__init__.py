"""Build an experiment from its config and train it: model, module, data, loop, checkpoints."""
