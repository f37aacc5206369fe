"""A run is plain files that can be judged later: what produced it, its metrics, its verdict.

Data flows from the files of a run folder to a row (summary), to groups over seeds (compare) and to a table. Nothing
here imports torch, so judging a thousand runs takes no longer than reading them.
"""
