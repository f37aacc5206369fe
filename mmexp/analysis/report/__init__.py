"""One HTML page of a comparison that needs no other file: no request, no library, nothing that a run holds executes.

``ranking/`` has one file per section of each ranking, ``whole/`` one per section over all of them. A section gives
``TITLE``, ``POSITION`` on the page and ``show``, which returns markup, or nothing where it has nothing to show.
"""
