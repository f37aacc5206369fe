"""How a metric follows from prediction rows, a file per metric, found by itself: ``follow(name, rows, run)``."""
