"""P22 to P24: cached decoding over Hugging Face's ``generate``, and over reading the whole prefix at each word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from harness import Pair, timed
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

from mmexp.contract import Padded, Tokens
from mmexp.decoder.fused import FusedDecoder
from mmexp.decoding.search import Step, beam, greedy
from mmexp.encoder.text.transformer import TransformerEncoder
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.base import Fusion
from mmexp.fusion.none import NoFusion
from mmexp.layer.attention import SelfAttentionBlock
from mmexp.task.captioning import Captioning

BEGIN, END, PAD = 1, 2, 3  # Hugging Face takes padding 0 for "none given"
VOCAB, DIM, DEPTH, HEADS = 1500, 192, 2, 4  # conf/experiment/flickr8k_captioning.yaml, one block deeper
ROWS, LENGTH, PLACES, BEAMS = 32, 40, 36, 5
NEVER = -1e4  # logit


@dataclass(frozen=True)
class Prefix:
    """All ids read so far, which is what is kept where nothing is cached."""

    ids: Tensor

    def select(self, rows: Tensor) -> Prefix:
        return Prefix(self.ids[rows])


def search(step: Step, start: Tensor, beams: int) -> Tensor:
    """Ids of greedy search, or of beam search. [B, LENGTH]"""
    if beams == 1:
        return greedy(step, start, end=END, pad=PAD, max_length=LENGTH).ids
    return beam(step, start, beams=beams, end=END, pad=PAD, max_length=LENGTH).ids


def captioner(fusion: Fusion) -> Captioning:
    """A captioning task that never ends a caption, and whose words depend on place and context."""
    prefix = TransformerEncoder(
        dim=DIM, vocab_size=VOCAB, tokenizer="", causal=True, max_length=LENGTH + 1, depth=DEPTH, num_heads=HEADS
    )
    decoder = FusedDecoder(prefix=prefix, max_length=LENGTH + 1)
    task = Captioning(decoder=decoder, scores={"references": ""}).eval()
    for weight in (*task.parameters(), *fusion.parameters()):
        if weight.ndim == 2:
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
    nn.init.normal_(prefix.position)
    nn.init.constant_(decoder.bias[END], NEVER)
    return task.requires_grad_(False)


def uncached(task: Captioning, fusion: Fusion, context: Mapping[str, Tokens]) -> Step[Prefix]:
    """Read and fuse the whole prefix again, and score the words behind its last id alone."""

    def step(ids: Tensor, state: Prefix | None) -> tuple[Tensor, Prefix]:
        whole = ids[:, None] if state is None else torch.cat([state.ids, ids[:, None]], 1)  # [R, T]
        prefix = task.decoder.prefix(Padded(whole, torch.ones_like(whole, dtype=torch.bool)))  # [R, T, D]
        beams = len(whole) // ROWS
        wide = Tokens(prefix.features.view(ROWS, -1, DIM), prefix.mask.view(ROWS, -1))  # [B, R / B * T, D]
        hidden = fusion.onto(wide, context).features.view(ROWS * beams, -1, DIM)[:, -1]  # [R, D]
        return task.decoder.head(hidden) + task.decoder.never, Prefix(whole)

    return step


def gpt2(task: Captioning) -> GPT2LMHeadModel:
    """The same weights in Hugging Face's model; the last two norms act as one."""
    config = GPT2Config(
        vocab_size=VOCAB, n_positions=LENGTH + 1, n_embd=DIM, n_layer=DEPTH, n_head=HEADS, activation_function="gelu",
        bos_token_id=BEGIN, eos_token_id=END, pad_token_id=PAD,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval().requires_grad_(False)
    prefix: TransformerEncoder = task.decoder.prefix  # type: ignore[assignment]
    model.transformer.wte.weight.copy_(prefix.embedding.weight)
    model.transformer.wpe.weight.copy_(prefix.position)
    for theirs, ours in zip(model.transformer.h, prefix.blocks, strict=True):
        copy_block(theirs, ours)
    model.lm_head.bias = nn.Parameter((task.decoder.bias + task.decoder.never).clamp(min=NEVER), requires_grad=False)
    return model


def copy_block(theirs: nn.Module, ours: SelfAttentionBlock) -> None:
    """Copy one block; theirs keeps its matrices transposed, and query, key and value as one."""
    theirs.ln_1.load_state_dict(ours.norm1.state_dict())
    theirs.ln_2.load_state_dict(ours.norm2.state_dict())
    query, key_value = ours.attention.query, ours.attention.key_value
    theirs.attn.c_attn.weight.copy_(torch.cat([query.weight, key_value.weight]).T)
    theirs.attn.c_attn.bias.copy_(torch.cat([query.bias, key_value.bias]))
    for convolution, linear in (
        (theirs.attn.c_proj, ours.attention.out),
        (theirs.mlp.c_fc, ours.mlp[0]),
        (theirs.mlp.c_proj, ours.mlp[2]),
    ):
        convolution.weight.copy_(linear.weight.T)
        convolution.bias.copy_(linear.bias)


def against_hugging_face(id: str, beams: int, bound: float) -> Iterator[Pair]:
    """Decode without context, as their model does."""
    torch.manual_seed(0)
    fusion, start = NoFusion(dim=DIM, modalities=("prefix",)), torch.arange(4, 4 + ROWS)
    task = captioner(fusion)
    model, mask = gpt2(task), torch.ones(ROWS, 1, dtype=torch.long)

    def ours() -> Tensor:
        return search(task.decoder.step(fusion.bind({}), ROWS), start, beams)

    def theirs() -> Tensor:
        options = {"attention_mask": mask, "do_sample": False, "max_new_tokens": LENGTH, "num_beams": beams}
        return model.generate(start[:, None], **options)[:, 1:]

    yield pair(id, "greedy" if beams == 1 else f"beam {beams}", "generate", bound, ours, theirs)


def against_uncached(beams: int, bound: float) -> Pair:
    """Decode over the tokens of an image, as captioning does by default."""
    torch.manual_seed(0)
    fusion, start = AttentionFusion(dim=DIM, modalities=("prefix", "image")).eval(), torch.full((ROWS,), BEGIN)
    task = captioner(fusion)
    context = {"image": Tokens(torch.randn(ROWS, PLACES, DIM), torch.ones(ROWS, PLACES, dtype=torch.bool))}

    def ours() -> Tensor:
        return search(task.decoder.step(fusion.bind(context), ROWS), start, beams)

    def theirs() -> Tensor:
        return search(uncached(task, fusion, context), start, beams)

    return pair("P23", "greedy" if beams == 1 else f"beam {beams}", "no cache", bound, ours, theirs)


def pair(
    id: str, what: str, reference: str, bound: float, ours: Callable[[], Tensor], theirs: Callable[[], Tensor]
) -> Pair:
    """Check that both sides write the same ids, and make the pair."""
    run, compare = torch.inference_mode()(ours), torch.inference_mode()(theirs)
    if not torch.equal(run(), compare()):
        raise AssertionError(f"{id}: {what} must write the same ids as {reference}.")
    what = f"decode {what}, {ROWS} x {LENGTH} ids"
    return Pair(id, what, reference, bound, lambda: timed(run), lambda: timed(compare), "speed")


def hugging_face_greedy(quick: bool) -> Iterator[Pair]:
    """P22."""
    yield from against_hugging_face("P22", 1, 1.25)


def no_cache(quick: bool) -> Iterator[Pair]:
    """P23."""
    for beams in (1, BEAMS):
        yield against_uncached(beams, 8)


def hugging_face_beam(quick: bool) -> Iterator[Pair]:
    """P24."""
    yield from against_hugging_face("P24", BEAMS, 1.3)
