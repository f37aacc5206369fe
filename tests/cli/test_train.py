from __future__ import annotations

import pytest

from mmexp.cli import main
from mmexp.cli.train import run
from mmexp.error import ConfigError


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["fusion=atention"], "fusion must be one of its options, got 'atention'. Did you mean 'attention'"),
        (["task=captoning"], "task must be one of its options, got 'captoning'. Did you mean 'captioning'"),
        (["fusion.dmi=3"], "fusion.dmi must be an argument of ConcatFusion, got 'dmi'. Did you mean 'dim'"),
        (["-m", "fusion=concat,gatd"], "fusion must be one of its options, got 'gatd'. Did you mean 'gated'"),
        (["fusion=concat,gated"], "Type -m to sweep"),
        (["--workers", "2"], "without -m"),
        (["-m", "seed=0,1", "--workers", "0"], "--workers must be at least 1, got 0"),
        (["-m", "seed=0,1", "--time-limit", "0"], "--time-limit must be above 0 s, got 0"),
        (["resume=nowhere"], "nowhere"),
    ],
)
def test_a_typo_is_refused_with_the_nearest_name_and_leaves_nothing(tmp_path, monkeypatch, words, fault):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as refused:
        run(words)
    assert fault in f"{refused.value} {refused.value.hint}" and refused.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_the_exit_code_of_a_typo_is_two(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "fusion=atention"]) == 2 and "attention" in capsys.readouterr().err
