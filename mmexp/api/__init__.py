"""The verbs of the command line as functions: each calls what its verb calls, and returns it instead of printing."""
