from __future__ import annotations

from mmexp.cli import main


def test_each_change_has_a_row_next_to_the_run(lab, in_process, capsys):
    run = lab.train("training.epochs=1")
    assert main(["ablate", str(run.path), "dim=4", "--outputs", str(run.path.parent.parent)]) == 0
    shown = capsys.readouterr().out
    assert f"changes of {run.id}" in shown and len(in_process) == 5
    for change in ("without image", "without text", "blank inputs", "shuffled inputs", "dim=4"):
        assert change in shown
    assert "p by Holm 1979 over 5" in shown
