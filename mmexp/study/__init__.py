"""Questions that take several runs to answer: what each fusion can represent, and what it adds to a single input."""
