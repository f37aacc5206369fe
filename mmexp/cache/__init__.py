"""Features that a frozen backbone gave once, kept on disk for every run that asks for the same. No torch."""
