"""A run is plain files that can be compared later: provenance, metrics, summary.

Data flows from the files of a run folder to a row (summary), to groups over seeds (compare) and to a table. Nothing
here imports torch, so judging a thousand runs takes no longer than reading them.
"""
