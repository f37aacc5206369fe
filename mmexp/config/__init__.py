"""Everything between the shell and plain values: compose, override, resolve, check, instantiate."""
