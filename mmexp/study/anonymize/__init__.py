"""A copy of a table without what says whom it is of: ids, metadata of images, given boxes, what rules find in texts.

``rule/`` has one file per rule for texts, found by its file.
"""
