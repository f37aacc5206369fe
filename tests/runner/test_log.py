from __future__ import annotations

import logging
import warnings

from mmexp.run.folder import RunFolder
from mmexp.runner.log import log_to


def test_what_a_full_disk_has_no_room_for_is_lost_in_silence(tmp_path, file_limit, capsys):
    with file_limit(0), log_to(RunFolder(tmp_path)):
        logging.getLogger("some.library").info("lost")
    assert capsys.readouterr().err == ""


def test_the_log_takes_warnings_and_gives_everything_back(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [logging.NullHandler()])  # what pytest keeps of a log must be UTF-8
    before = (root.level, list(root.handlers), warnings.showwarning)
    with log_to(folder):
        warnings.warn("take care", UserWarning, stacklevel=1)
        logging.getLogger("some.library").info("all \ud800 is well")
    assert (root.level, list(root.handlers), warnings.showwarning) == before
    text = folder.log.read_text()
    assert "UserWarning: take care" in text and "INFO some.library all \\ud800 is well" in text
