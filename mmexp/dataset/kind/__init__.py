"""Kinds of data: how a cell of each is recognised, read, checked and described; one file per kind.

Kind ``x`` is the class ``XKind`` of the module ``x`` and the option ``x`` of the config group ``kind``. A kind of one's
own is a class and a YAML in any package; nothing here is edited for it.
"""
