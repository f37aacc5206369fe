from __future__ import annotations

from mmexp.dataset.kind.image import ImageKind


def test_what_is_read_from_files_has_paths_and_no_classes():
    kind = ImageKind()
    assert kind.is_file and not kind.classed and kind.paths("a.png") == ["a.png"]
