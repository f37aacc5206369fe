"""What several test files share; torch is imported only where a test needs it."""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mmexp.contract import Tokens
    from mmexp.run.folder import RunFolder

os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from the libraries and tests that stay to the end: it visits them each time."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let it visit them once more, so that libraries which count what they leave behind find nothing."""
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is remembered of files in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMEXP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed torch, if the test's file uses it."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a tokenizer of ten words: ids 0 to 3 are special, 4 to 13 words."""
    from mmexp.transform.text import Tokenizer

    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    return Tokenizer.train(["a red ball left of the blue box", "two cats"], path).path


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a BERT of two thin blocks with random weights, and of its tokenizer of some words."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("bert")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *["a", "b", "c", "red", "green", "blue", "thing", "##s", "0", "1", "2", "3", "4"],
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    sizes = {"hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=32, **sizes)).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a GPT-2 of two thin blocks with random weights, whose pieces are bytes; it has no padding."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    folder, end = tmp_path_factory.mktemp("gpt2"), "<|endoftext|>"
    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "re", "\u0120re", "\u0120red", "\u0120a"]
    words = {piece: i for i, piece in enumerate(pieces)}
    merges = [("r", "e"), ("\u0120", "re"), ("\u0120re", "d"), ("\u0120", "a")]
    engine = Tokenizer(models.BPE(vocab=words, merges=merges))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    marks = {"bos_token": end, "eos_token": end, "unk_token": end}
    PreTrainedTokenizerFast(tokenizer_object=engine, **marks).save_pretrained(folder)
    sizes = {"n_embd": 12, "n_layer": 2, "n_head": 2, "n_positions": 48, "initializer_range": 0.5}
    ends = {"bos_token_id": len(words), "eos_token_id": len(words), "resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        GPT2LMHeadModel(GPT2Config(vocab_size=len(words) + 3, **sizes, **ends)).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_vit(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a ViT of one thin block with random weights, for images of 16 pixels in patches of 8."""
    import torch
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    folder = tmp_path_factory.mktemp("vit")
    sizes = {"hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ViTModel(ViTConfig(image_size=16, patch_size=8, **sizes)).save_pretrained(folder)
    ViTImageProcessor(image_mean=[0.1, 0.2, 0.3], image_std=[0.5, 0.5, 0.5]).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_wav2vec(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a wav2vec 2.0 of one thin block with random weights, for waveforms of 8 kHz."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    folder = tmp_path_factory.mktemp("wav2vec")
    sizes = {"hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    front = {"conv_dim": (8, 8), "conv_kernel": (40, 8), "conv_stride": (20, 4), "num_feat_extract_layers": 2}
    back = {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2, "mask_time_prob": 0.0}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Wav2Vec2Model(Wav2Vec2Config(**sizes, **front, **back)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=8000, do_normalize=True).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_videomae(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a VideoMAE of one thin block with random weights, for 4 frames of 16 pixels."""
    import torch
    from transformers import VideoMAEConfig, VideoMAEModel

    folder = tmp_path_factory.mktemp("videomae")
    sizes = {"hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        VideoMAEModel(VideoMAEConfig(image_size=16, patch_size=8, num_frames=4, **sizes)).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_models(tiny_bert: str, tiny_vit: str, tiny_wav2vec: str, tiny_videomae: str, tiny_gpt2: str) -> dict[str, str]:
    """Folders of models with random weights by the kind of input that they read, and of one that writes."""
    others = {"image": tiny_vit, "audio": tiny_wav2vec, "video": tiny_videomae, "decoder": tiny_gpt2}
    return {"text": tiny_bert, "words": tiny_bert, **others}


@pytest.fixture
def make_tokens() -> Callable[..., Tokens]:
    """Random tokens whose rows hold the given numbers of real ones."""
    import torch

    from mmexp.contract import Tokens

    def make(*lengths: int, dim: int = 8, places: int = 0) -> Tokens:
        places = places or max(1, *lengths)
        return Tokens(torch.randn(len(lengths), places, dim), torch.arange(places) < torch.tensor(lengths)[:, None])

    return make


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make figures, and empty files of them: to render them takes longer than a short run."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A real filesystem of some KiB, or the same one with room for others; skips where none can be mounted."""
    path = tmp_path / "disk"
    path.mkdir()

    def size(kibibytes: int) -> Path:
        options = f"size={kibibytes}k{',remount' if path.is_mount() else ''}"
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True).returncode:
            pytest.skip("no filesystem can be mounted here")
        return path

    yield size
    if path.is_mount():
        subprocess.run(["umount", "--lazy", path], check=True)


@pytest.fixture
def file_limit() -> Callable[[int], AbstractContextManager[None]]:
    """Let no file of this process grow beyond some bytes within a block, as on a disk that is full."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@dataclass
class Lab:
    """Trains the smallest experiment in this process, within a fraction of a second.

    Args:
        overrides: Of every run.
        screen: What the runs have said.
    """

    overrides: list[str]
    screen: io.StringIO = field(default_factory=io.StringIO)

    def train(self, *overrides: str) -> RunFolder:
        from rich.console import Console

        from mmexp.config.compose import compose
        from mmexp.runner.run import run_training

        words = [*self.overrides, *overrides]
        return run_training(compose(words), ["mmexp", "train", *words], Console(file=self.screen, width=1000))

    def resume(self, folder: RunFolder) -> RunFolder:
        from rich.console import Console

        from mmexp.config.compose import compose
        from mmexp.runner.run import run_training

        words = [f"resume={folder.path}"]
        return run_training(compose(words), ["mmexp", "train", *words], Console(file=self.screen, width=1000))

    def only_run(self) -> RunFolder:
        """The run of this lab, also if it has raised."""
        from mmexp.run.folder import runs

        (run,) = runs(self.overrides[-1].removeprefix("outputs="))
        return run

    @property
    def said(self) -> str:
        return self.screen.getvalue()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 pictures of 16 pixels, each with a text and one of three labels: 12 to train on, 6 and 6."""
    import numpy as np
    from PIL import Image

    root, generator = tmp_path_factory.mktemp("tiny"), np.random.default_rng(0)
    rows = []
    for i in range(24):
        pixels = generator.integers(0, 120, (16, 16, 3), dtype=np.uint8)
        pixels[..., i % 3] += 60
        Image.fromarray(pixels).save(root / f"{i}.png")
        text = f"a {generator.choice(['red', 'green', 'blue'])} thing {i % 5}"
        split = "train" if i < 12 else "val" if i < 18 else "test"
        rows.append({"id": f"s{i}", "image": f"{i}.png", "text": text, "label": "rgb"[i % 3], "split": split})
    (root / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


@pytest.fixture(scope="session")
def make_lab(tiny: Path) -> Callable[[Path], Lab]:
    parts = ["dataset=manifest", "hardware=cpu", "encoder/text=embedding"]
    sizes = ["dim=8", "encoder.image.transform.image_size=16", "encoder.image.widths=[4,8]"]
    learning = ["training.batch_size=3", "training.epochs=3", "training.log_every=2"]
    return lambda outputs: Lab([*parts, *sizes, *learning, f"dataset.root={tiny}", f"outputs={outputs}"])


@pytest.fixture(scope="session")
def studied(make_lab: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of images and texts that tests may read, and write studies of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)
        return make_lab(tmp_path_factory.mktemp("studied") / "outputs").train("training.epochs=1")


@pytest.fixture
def lab(make_lab: Callable[[Path], Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unrendered: None) -> Lab:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    return make_lab(tmp_path / "outputs")
