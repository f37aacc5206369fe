"""Learning methods: what is trained, and by which objective in addition to the task's."""
