from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mmexp.config.compose import compose, load_config, read_config, stored
from mmexp.config.instantiate import instantiate
from mmexp.config.schema import ROLES
from mmexp.error import ConfigError

FILES = {
    "conf/dataset/scenes.yaml": "_target_: mmexp.dataset.manifest.Manifest\nmanifest: rows.csv\n",
    "conf/fusion/mine.yaml": (
        "# Mine.\ndefaults:\n  - /pool@pool: max\n_target_: toy_config.part.MyFusion\n"
        "dim: ${dim}\nmodalities: ${facts:modalities}\n"
    ),
    "conf/experiment/small.yaml": "# @package _global_\ndefaults:\n  - override /fusion: gated\nname: small\ndim: 16\n",
    "toy_config/__init__.py": "",
    "toy_config/part.py": (
        "from mmexp.fusion.base import Fusion\nfrom mmexp.pool.base import Pool\n\n"
        "class MyFusion(Fusion):\n"
        "    def __init__(self, *, dim: int, modalities: list[str], pool: Pool, temperature: float = 1.0): ...\n"
    ),
}
MINE = ("fusion=mine", "plugins=[toy_config]")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(*overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        compose(overrides)
    return caught.value.problems


def keep(folder: Path, *overrides: str) -> Path:
    path = folder / "run" / "config.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(stored(compose(overrides)))
    return path


def test_choices_name_the_option_of_each_group_and_of_each_part() -> None:
    choices = compose(["fusion=gated", "encoder/image=vit", "pool@fusion.pool=max"]).choices
    assert choices["fusion"] == "gated"
    assert choices["encoder/image"] == "vit"
    assert choices["pool@fusion.pool"] == "max"
    assert "experiment" not in choices


def test_a_name_is_made_from_the_choices_unless_one_is_given() -> None:
    assert compose(["task=captioning", "fusion=attention"]).node.name == "captioning-attention"
    assert compose(["name=other"]).node.name == "other"


def test_an_experiment_is_stronger_than_the_root_and_weaker_than_what_is_typed() -> None:
    config = compose(["experiment=small"])
    assert (config.node.name, config.node.dim, config.choices["fusion"]) == ("small", 16, "gated")
    assert compose(["experiment=small", "dim=8", "fusion=concat"]).node.dim == 8
    assert compose(["experiment=small", "dim=8"]).plain()["fusion"]["dim"] == 8


def test_an_argument_that_no_yaml_names_is_set_without_a_plus() -> None:
    assert compose([*MINE, "fusion.temperature=2"]).plain()["fusion"]["temperature"] == 2
    assert compose([*MINE, "+fusion.temperature=2"]).plain()["fusion"]["temperature"] == 2


def test_a_group_that_no_defaults_list_names_is_added(folder: Path) -> None:
    (folder / "conf/encoder/video").mkdir(parents=True)
    target = "_target_: mmexp.encoder.text.embedding.EmbeddingEncoder\n"
    given = "dim: ${dim}\nvocab_size: 3\ntokenizer: x\n"
    (folder / "conf/encoder/video/words.yaml").write_text(target + given)
    assert compose(["encoder/video=words"]).choices["encoder/video"] == "words"


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("fusion=atention", "attention"),
        ("task=captoning", "captioning"),
        ("fusion.dmi=3", "dim"),
        ("+fusion.dmi=3", "dim"),
        ("++fusion.dmi=3", "dim"),
        ("fusion.pool.nothing=1", "It takes none"),
        ("fuson=concat", "fusion"),
        ("sed=3", "seed"),
        ("tokenizer.vocab_siz=3", "vocab_size"),
        ("encoder/imge=cnn", "encoder/image"),
        ("encoder=cnn", "encoder/image"),
        ("encoder.imge.dim=3", "image"),
        ("pool@fusion.pool=maxx", "max"),
        ("fusion.pool=max", "pool@fusion.pool=max"),
        ("inputs=[image,txt]", "text"),
        ("optimizer.weight_decai=1", "weight_decay"),
        ("fusion.dim=${dmi}", "dim"),
        ("fusion._target_=mmexp.fusion.gated.GatedFuson", "GatedFusion"),
        ("hydra.run.dir=x", "Choose one of"),
    ],
)
def test_a_typo_is_told_with_the_nearest_name(typed: str, nearest: str) -> None:
    (problem,) = refused(typed)
    assert problem.startswith("command line: ")
    assert nearest in problem


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("seed=abc", "seed must be int, got 'abc'"),
        ("seed=-1", "seed must be in"),
        ("dim=null", "dim must have a value, got null"),
        ("dim=0", "dim must be at least 1, got 0"),
        ("fusion=null", "fusion must be a component, got null"),
        ("fusion.dim=null", "fusion.dim must be int, got None"),
        ("fusion.dim=wide", "fusion.dim must be int, got 'wide'"),
        ("fusion=concat,gated", "value must be one, got several"),
        ("fusion.dim=${fusion.dim}", "fusion.dim must not refer to itself, got a cycle"),
        ("fusion.dim=${eval:1}", "fusion.dim must use a resolver that exists, got 'eval'"),
        ("fusion.dim=${oc.env:MMEXP_IS_NOT_SET}", "fusion.dim must read an environment variable that is set"),
        ("inputs=image", "inputs must be a list"),
        ("inputs=[image,image]", "inputs must name each modality once"),
        ("name=../up", "name must be letters"),
        ("optimizer.params=3", "optimizer.params must be left out"),
        ("fusion._partial_=true", "must be an argument of ConcatFusion, got '_partial_'"),
        ("just words", "override must follow Hydra's grammar"),
    ],
)
def test_a_wrong_value_is_told_with_its_rule(typed: str, rule: str) -> None:
    (problem,) = refused(typed)
    assert rule in problem


def two_encoders(folder: Path) -> None:
    (folder / "conf/encoder").mkdir()
    for name, width in {"left": 8, "right": 16}.items():
        lines = [
            f"{name}:",
            "  _target_: mmexp.encoder.vector.mlp.MlpEncoder",
            "  dim: ${dim}",
            "  transform: {_target_: mmexp.transform.vector.VectorTransform, width: 3, max_length: 1}",
            f"  widths: [{width}]",
        ]
        (folder / f"conf/encoder/{name}.yaml").write_text("\n".join(lines))


def test_a_dictionary_of_components_takes_several_options_at_once(folder: Path) -> None:
    two_encoders(folder)
    config = compose(["encoder=[left,right]", "encoder.right.widths=[4]"])
    assert config.node.encoder.left.widths == [8]
    assert config.node.encoder.right.widths == [4]
    assert config.choices["encoder"] == "[left,right]"
    assert config.where("encoder.left") == "conf/encoder/left.yaml:1"
    assert set(compose(["encoder=left"]).node.encoder) == set(config.node.encoder) - {"right"}


def test_each_component_of_a_dictionary_is_checked(folder: Path) -> None:
    two_encoders(folder)
    (problem,) = refused("encoder=[left,right]", "encoder.right.widht=3")
    assert "encoder.right.widht must be an argument of MlpEncoder, got 'widht'. Did you mean 'widths'?" in problem
    (problem,) = refused("encoder=[left,rihgt]")
    assert problem == "command line: encoder must be one of its options, got 'rihgt'. Did you mean 'right'?"


def test_a_stored_choice_of_several_options_comes_back(folder: Path) -> None:
    two_encoders(folder)
    path = keep(folder, "encoder=[left,right]")
    config = load_config(path, ["dim=32"])
    assert config.choices["encoder"] == "[left,right]"
    assert config.plain()["encoder"]["right"]["dim"] == 32
    assert load_config(path, ["encoder=[left]"]).choices["encoder"] == "[left]"


def test_a_group_of_one_component_takes_one_option() -> None:
    (problem,) = refused("fusion=[gated,concat]")
    assert "fusion must be one of its options, got 2. Use -m and a,b without brackets to sweep." in problem


def test_a_number_must_be_one() -> None:
    (problem,) = refused("optimizer.lr=nan")
    assert problem == "command line: optimizer.lr must be a number, got nan."


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("training.epochs=0", "training.epochs must be at least 1, got 0."),
        ("training.validate_every=3", "training.validate_every must be a divisor of training.epochs=10, got 3."),
        ("training.ema=1.0", r"training.ema must be in [0, 1), got 1.0."),
        ("training.epochz=3", "training.epochz must be a key of training, got 'epochz'. Did you mean 'epochs'?"),
    ],
)
def test_the_numbers_of_the_training_loop_are_checked(typed: str, rule: str) -> None:
    (problem,) = refused(typed)
    assert problem == f"command line: {rule}"


def test_a_scheduler_may_be_left_out() -> None:
    assert compose(["scheduler=null"]).node.scheduler is None
    assert compose(["~scheduler"]).node.scheduler is None


def test_all_problems_of_a_yaml_are_told_at_once_each_with_its_line(folder: Path) -> None:
    (folder / "conf/experiment/wrong.yaml").write_text(
        "# @package _global_\nsed: 3\ndim: many\ntokenizer: {vocb: 3}\nfusion:\n  dmi: 4\ntraining:\n  epochs: few\n"
    )
    problems = refused("experiment=wrong", "training.clip=low")
    file = "conf/experiment/wrong.yaml"
    expected = [
        f"{file}:2: sed must be a key of the root, got 'sed'. Did you mean 'seed'?",
        f"{file}:3: dim must be int, got 'many'.",
        f"{file}:4: tokenizer.vocb must be a key of tokenizer, got 'vocb'. "
        "Choose one of: min_frequency, model, vocab_size.",
        f"{file}:6: fusion.dmi must be an argument of ConcatFusion, got 'dmi'. Did you mean 'dim'?",
        f"{file}:8: training.epochs must be int, got 'few'.",
        "command line: training.clip must be float, got 'low'.",
    ]
    assert sorted(problems) == sorted(expected)


def test_problems_of_the_command_line_are_told_even_if_the_composition_fails(folder: Path) -> None:
    (folder / "conf/experiment/lost.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /fusion: atention\n"
    )
    sed, fusion = refused("experiment=lost", "sed=3")
    assert sed.startswith("command line: sed")
    assert fusion.startswith("conf/experiment/lost.yaml:3: fusion must be one of its options, got 'atention'.")


def test_a_plain_dictionary_takes_a_new_key_only_with_a_plus_and_none_that_is_near() -> None:
    columns = "dataset.inputs={image:path}"
    (problem,) = refused(columns, "dataset.inputs.text=caption")
    assert "Use +dataset.inputs.text=caption to add it" in problem
    assert compose([columns, "+dataset.inputs.text=caption"]).plain()["dataset"]["inputs"]["text"] == "caption"
    (problem,) = refused(columns, "+dataset.inputs.imag=x")
    assert "Did you mean 'image'?" in problem


def test_a_dictionary_that_is_typed_key_by_key_takes_each(folder: Path) -> None:
    typed = ["dataset.inputs.image=a", "dataset.inputs.text=b", "dataset.targets.label=c", "dataset.targets.labels=d"]
    dataset = compose([*typed, "dataset.split.column=e", "dataset.split.seed=1"]).plain()["dataset"]
    assert dataset["inputs"] == {"image": "a", "text": "b"}
    assert dataset["targets"] == {"label": "c", "labels": "d"}
    assert dataset["split"] == {"column": "e", "seed": 1}
    path = keep(folder, *typed)
    with pytest.raises(ConfigError, match=r"Use \+dataset\.inputs\.audio=f to add it"):
        load_config(path, ["dataset.inputs.audio=f"])


def test_a_manifest_may_be_given_by_its_whole_path(folder: Path) -> None:
    (folder / "rows.jsonl").write_text('{"id": 1, "text": "a"}')
    plain = compose([f"dataset.manifest={folder / 'rows.jsonl'}"]).plain()
    assert instantiate("dataset", plain["dataset"]).path == folder / "rows.jsonl"


def test_a_stored_config_is_resolved_but_for_facts_and_comes_back_equal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXP_ROWS", "here.csv")
    given = ["dataset.manifest=${oc.env:MMEXP_ROWS}", "task.target=kind", "experiment=small"]
    path = keep(folder, *given)
    text = path.read_text()
    assert "here.csv" in text
    assert "${facts:classes.kind}" in text
    assert "${dim}" not in text
    again = load_config(path.parent)
    kept = {key: value for key, value in compose([*given]).plain().items() if ROLES[key].kind != "sweep"}
    assert {key: value for key, value in again.plain().items() if ROLES[key].kind != "sweep"} == kept
    assert stored(again) == text


def test_text_that_looks_like_an_interpolation_survives_storing(folder: Path) -> None:
    path = keep(folder, r"dataset.manifest='\${not}'")
    assert compose([r"dataset.manifest='\${not}'"]).plain()["dataset"]["manifest"] == "${not}"
    assert r"\${not}" in path.read_text()


def test_a_loaded_config_takes_values_and_options(folder: Path) -> None:
    path = keep(folder)
    config = load_config(path, ["seed=7", "fusion=gated", "training.epochs=2"])
    assert (config.node.seed, config.node.name) == (7, "classification-gated")
    assert config.choices["fusion"] == "gated"
    assert config.plain()["fusion"] == compose(["fusion=gated"]).plain()["fusion"]
    assert "pool@fusion.pool" not in load_config(path, ["fusion=attention"]).choices


def test_a_root_number_typed_behind_a_loaded_config_reaches_the_components(folder: Path) -> None:
    path = keep(folder, "encoder.text.dim=64")
    plain = load_config(path, ["dim=32"]).plain()
    assert plain["fusion"]["dim"] == plain["encoder"]["image"]["dim"] == 32
    assert plain["encoder"]["text"]["dim"] == 64


def test_a_typo_behind_a_loaded_config_is_told(folder: Path) -> None:
    path = keep(folder)
    with pytest.raises(ConfigError, match=r"command line: fusion.dmi must be .*Did you mean 'dim'"):
        load_config(path, ["fusion.dmi=3"])
    with pytest.raises(ConfigError, match="experiment must be chosen without --config"):
        load_config(path, ["experiment=small"])
    path.write_text("seed: 3\n")
    with pytest.raises(ConfigError, match="dim must be given, got none"):
        load_config(path, ["seed=4", "name=x"])
    with pytest.raises(ConfigError, match="config must be a file that exists"):
        load_config(folder / "gone")


@pytest.mark.parametrize("text", ["${oc.env:HOME}", "${dim}", "${${x}:HOME}", r"\\${oc.env:HOME}", "a ${facts:b} ${c}"])
def test_a_loaded_config_resolves_nothing_but_facts(folder: Path, text: str) -> None:
    path = keep(folder)
    config = OmegaConf.load(path)
    config.dataset.manifest = text
    OmegaConf.save(config, path)
    with pytest.raises(ConfigError, match=r"run/config.yaml:\d+: dataset.manifest must be written out"):
        load_config(path)


def test_a_loaded_config_does_not_say_whom_to_trust(folder: Path) -> None:
    path = keep(folder, *MINE)
    with pytest.raises(ConfigError, match=r"must lie under one of .* set plugins=\[toy_config\]"):
        load_config(path)
    assert load_config(path, ["plugins=[toy_config]"]).plugins == ("toy_config",)
    assert load_config(path, plugins=["toy_config"]).plugins == ("toy_config",)


def test_yaml_that_would_run_code_is_refused_and_runs_nothing(folder: Path) -> None:
    canary = folder / "canary"
    tag = f"!!python/object/apply:os.system ['touch {canary}']"
    (folder / "conf/experiment/evil.yaml").write_text(f"# @package _global_\ndim: {tag}\n")
    (problem,) = refused("experiment=evil")
    assert problem.startswith("conf/experiment/evil.yaml:2: file must be plain YAML")
    path = keep(folder)
    path.write_text(f"{path.read_text()}\nname: {tag}\n")
    with pytest.raises(ConfigError, match=r"run/config.yaml:\d+: file must be plain YAML"):
        load_config(path)
    assert not canary.exists()


def test_a_bomb_is_refused_before_it_is_written_out(folder: Path) -> None:
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    (folder / "conf/experiment/bomb.yaml").write_text("\n".join(rows))
    (folder / "conf/experiment/big.yaml").write_text("a: 1\n" * 2_000_000)
    assert "aliases must write out to at most" in refused("experiment=bomb")[0]
    assert "size must be at most 1,000,000 bytes, got 10,000,000" in refused("experiment=big")[0]


def test_a_typo_is_reported_without_torch_or_lightning(folder: Path) -> None:
    code = (
        "import sys\nfrom mmexp.config.compose import compose\n"
        "try: compose(['fusion.dmi=3'])\nexcept Exception as error: print(error)\n"
        "print({'torch', 'pytorch_lightning', 'transformers'} & set(sys.modules))\n"
    )
    root = Path(__file__).resolve().parents[2]
    output = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    problem, last = output.splitlines()
    assert "Did you mean 'dim'?" in problem
    assert last == "set()"


def test_composing_writes_nothing(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    compose()
    refused("fusion=atention")
    assert sorted(folder.rglob("*")) == before


def test_what_is_typed_may_stand_behind_the_config_of_a_run(folder: Path) -> None:
    assert read_config(["seed=1"]).key == compose(["seed=1"]).key
    (folder / "config.yaml").write_text(stored(compose(["seed=1"])))
    assert read_config(["fusion=gated"], folder).key == compose(["seed=1", "fusion=gated"]).key


def test_what_is_done_to_a_trained_run_is_not_typed_to_train_one() -> None:
    assert compose(["attack=[fgsm,pgd]", "attack.pgd.steps=3"]).plain()["attack"]["pgd"]["steps"] == 3
    assert "attack" not in stored(compose(["attack=pgd"]))
    with pytest.raises(ConfigError, match=r"attack must be typed for a run that is trained, got 'attack\.pgd"):
        read_config(["attack.pgd.steps=3"])
