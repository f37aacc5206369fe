from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mmexp.config.compose import compose
from mmexp.config.provenance import options
from mmexp.config.synonym import keys_called, suggest_argument, suggest_key, suggest_option
from mmexp.error import ConfigError

PATCHES = "encoder/image=patches encoder/text=positional fusion.depth=6"
NAMES = {
    "fusion": "early late intermediate hybrid cross_attention self_attention concat concatenation cat linear sum add "
    "mean average max product hadamard elementwise bilinear mcb mfb mlb mutan tensor tfn low_rank lmf gated "
    "gmu nl_gate film mag mbt bottleneck mult vilbert lxmert mcan vilt visualbert uniter mmbt perceiver "
    "q-former blip2 moe darts gat gnn unimodal ensemble voting decision decision_level evidential tmc "
    "dempster_shafer weighted_sum deepset late_fusion",
    "encoder/image": "cnn resnet resnet18 resnet50 resnet101 vit vit_base efficientnet_b0 convnext_tiny swin_base "
    "patches patch_embedding",
    "encoder/text": "bert bert-base-uncased roberta distilbert gpt2 transformer lstm bilstm gru rnn word2vec glove bow "
    "bag_of_words",
    "encoder/audio": "cnn resnet wav2vec2 spectrogram mfcc log_mel",
    "encoder/video": "frames r3d i3d c3d slowfast timesformer",
    "optimizer": "adam adamw sgd momentum nesterov rmsprop radam adafactor lion lamb muon adamax nadam",
    "scheduler": "cosine warmup onecycle constant none cosine_annealing",
    "task": "vqa visual_question_answering gqa classification sentiment hateful_memes snli_ve captioning "
    "image_captioning retrieval image_text_retrieval ner asr tts text_to_image object_detection "
    "semantic_segmentation visual_dialog regression kg_completion recsys multi_task pretrain itm anomaly",
    "dataset": "csv parquet json folder movielens fb15k synthetic",
    "pool": "mean avg average gap max flatten attention attentive matching",
    "missing": "mask placeholder impute",
}
"""What the literature, torchmultimodal, MMF, MultiBench and fusilli call what can be chosen."""


@pytest.mark.parametrize(
    ("word", "cure"),
    [
        ("fusion=early", f"Set fusion=concat or fusion=transformer {PATCHES}."),
        ("fusion=vilt", f"Set fusion=transformer {PATCHES}."),
        ("fusion=ensemble", "Set fusion=soft_voting."),
        ("fusion=linear", "Set fusion=concat fusion.hidden=0."),
        ("pool@fusion.pool=avg", "Set pool@fusion.pool=mean."),
        ("fusion=Cross-Attention", "Set fusion=attention or fusion=co_attention."),
        ("fusion=intermediate", "fusion=bottleneck"),
        ("encoder=lstm", "Set encoder/audio=lstm or encoder/text=lstm or encoder/vector=lstm."),
        ("encoder/text=bert", "Set encoder/text=hf."),
        ("optimizer=lion", "Set optimizer=adamw."),
        ("lr=0.1", "Set optimizer.lr=0.1."),
        ("training.lr=0.1", "Set optimizer.lr."),
        ("optimizer.learning_rate=0.1", "Set optimizer.lr=0.1."),
        ("epochs=3", "Set training.epochs=3."),
        ("max_epochs=3", "Set training.epochs=3."),
        ("batch_size=8", "Set training.batch_size=8."),
        ("optim=sgd", "Set optimizer=sgd."),
        ("dataset.group_by=who", "dataset=manifest takes it."),
        ("dataset.test_groups=[01]", "dataset=manifest takes it."),
        ("fusion=late_fusion", "Set fusion=late."),
        ("encoder/image=resnet50", "Set encoder/image=resnet."),
        ("encoder/text=bert-base-uncased", "Set encoder/text=hf."),
        ("task=vqa", "Set task=question_answering."),
        ("task=asr", "Set task=speech_recognition or task=transcription."),
        ("gpus=2", "Set hardware=ddp hardware.devices=2."),
        ("dataset.batch_size=8", "Set training.batch_size."),
        ("encoder.image=resnet34", "Set encoder/image=resnet."),
        ("model=resnet34", "encoder/image=resnet"),
        ("data=csv", "Set dataset=manifest."),
        ("device=cuda", "Set hardware=gpu."),
        ("trainer.max_epochs=3", "Set training.epochs=3."),
        ("early_stopping=true", "Set training.patience."),
        ("precision=bf16-mixed", "Set hardware.precision=bf16-mixed."),
    ],
)
def test_a_word_of_the_field_leads_to_what_it_means(word: str, cure: str) -> None:
    with pytest.raises(ConfigError, match="must be") as caught:
        compose([word])
    assert cure in str(caught.value)


def test_a_key_that_moved_below_another_is_told_with_its_place() -> None:
    with pytest.raises(
        ConfigError, match=r"dataset.test_groups must be an argument of Manifest.* Set dataset.split.test_groups"
    ):
        compose(["dataset=manifest", "dataset.test_groups=[01]"])


def test_a_value_with_a_comma_is_told_how_to_be_typed() -> None:
    with pytest.raises(ConfigError, match="value must be one, got several") as caught:
        compose(["outputs=my,runs"])
    (cure,) = shlex.split(str(caught.value).rpartition("quotes: ")[2])
    assert compose([cure]).node.outputs == "my,runs"


@pytest.mark.parametrize("word", ["fusion=quantum", "frobnicate=1", "encoder/text=bret_large"])
def test_a_word_that_means_nothing_here_leads_nowhere(word: str) -> None:
    with pytest.raises(ConfigError, match="Choose one of") as caught:
        compose([word])
    assert "Did you mean" not in str(caught.value) and "Set " not in str(caught.value)


def test_an_argument_is_suggested_only_of_the_component_that_is_asked() -> None:
    assert keys_called("lr") == ["optimizer.lr"] and keys_called("nothing") == []
    assert suggest_key("x.wd", "0.1") == "Set optimizer.weight_decay=0.1."
    assert suggest_argument("fusion.lr", ["dim"], 0.1) == "Choose one of: dim."
    assert suggest_argument("fusion.lr", [], 0.1) == "It takes none."
    assert suggest_option("fusion", "gatd") == "Did you mean 'gated'?"


@pytest.mark.parametrize(
    ("given", "cure"),
    [("[007]", "[007]"), ("[a b,yes]", '["a b",yes]'), ("north", "north"), ("[1,2.5]", "[1,2.5]")],
)
def test_a_key_that_moved_below_another_is_typed_there_with_its_value(given: str, cure: str) -> None:
    with pytest.raises(ConfigError, match="must be an argument of Manifest, got 'test_groups'") as caught:
        compose(["dataset=manifest", f"dataset.test_groups={given}"])
    words = shlex.split(str(caught.value).rpartition("Set ")[2].removesuffix("."))
    assert words == [f"dataset.split.test_groups={cure}"]


def test_an_option_of_ones_own_declares_its_words_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf/fusion").mkdir(parents=True)
    (tmp_path / "conf/fusion/mine.yaml").write_text("# Mine.\n# Also: our own, nostra.\n_target_: x.Y\n")
    monkeypatch.chdir(tmp_path)
    assert suggest_option("fusion", "our-own") == "Set fusion=mine."


@pytest.mark.parametrize("group", NAMES)
def test_a_name_of_the_field_is_an_option_or_answered_by_one(group: str) -> None:
    for word in set(NAMES[group].split()) - {*options(group)}:
        hint = re.fullmatch(r"Set (.+)\.", suggest_option(group, word))
        assert hint, f"{group}={word} leads nowhere"
        for line in hint[1].split(" or "):
            choice, *others = line.split()
            name, _, option = choice.partition("=")
            assert name == group and option in options(group)
            assert not others or compose([choice, *others])
