"""A trained run that several files study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mmexp.run.folder import RunFolder
    from mmexp.study.studied_run import StudiedRun


@pytest.fixture(scope="session")
def study(studied: RunFolder) -> StudiedRun:
    from mmexp.study.studied_run import studied_run

    return studied_run(studied)
