from __future__ import annotations

from mmexp.deploy.support import refusals
from mmexp.fusion.concat import ConcatFusion
from mmexp.task.pretraining import Pretraining


def test_what_a_class_declares_is_said_of_its_option():
    tasks = refusals("task")
    assert tasks["pretraining"] == Pretraining.export_refused != ""
    assert tasks["classification"] == tasks["question_answering"] == ""
    assert refusals("fusion")["concat"] == ConcatFusion.export_refused == ""


def test_a_class_of_a_users_own_is_read_without_being_imported(tmp_path, monkeypatch):
    (tmp_path / "conf/fusion").mkdir(parents=True)
    (tmp_path / "conf/fusion/mine.yaml").write_text("# Mine.\n_target_: mine_alone.Mine\n")
    code = "from mmexp.fusion.concat import ConcatFusion\nraise SystemExit\n"
    code += 'class Mine(ConcatFusion):\n    export_refused: str = "it asks a server"\n'
    (tmp_path / "mine_alone.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    assert refusals("fusion")["mine"] == "it asks a server"
