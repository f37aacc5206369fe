"""Take a trained run elsewhere: export it as a graph, make it smaller, or pack it into one folder."""
