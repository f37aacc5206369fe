"""What every fusion promises in both its forms; a new YAML in conf/fusion is taken up by itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.export import Dim, export

from mmexp.config.compose import compose
from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.contract import Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion
from mmexp.missing.placeholder import PlaceholderMissing

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "conf/fusion").glob("*.yaml") if path.stem != "none")
POOLS = ("mean", "max", "attention")
DIM, SLOTS = 8, ("text", "image", "audio")


@cache
def composed(*words: str) -> dict[str, Any]:
    return compose([f"dim={DIM}", *words]).plain()


def root(name: str, pool: str = "") -> dict[str, Any]:
    """A config with a fusion and a pool of it; the node of a pool is the same whatever the fusion."""
    plain = composed(f"fusion={name}")
    node = {"pool": composed("fusion=concat", f"pool@fusion.pool={pool}")["fusion"]["pool"]} if pool else {}
    return {**plain, "fusion": {**plain["fusion"], **node}}


def written(name: str) -> Any:
    """The YAML of a fusion by itself."""
    return OmegaConf.load(ROOT / f"conf/fusion/{name}.yaml")


def pooled(name: str) -> bool:
    return any("/pool@pool" in one for one in written(name).get("defaults", []))


def build(name: str, slots: Sequence[str] = SLOTS, pool: str = "") -> Fusion:
    return instantiate("fusion", Facts({"modalities": list(slots)}).bind(root(name, pool), "fusion")).eval()


def pairs() -> list[tuple[str, str]]:
    return [(name, pool) for name in NAMES for pool in (POOLS if pooled(name) else [""])]


def class_of(name: str) -> type[Fusion]:
    module, _, cls = written(name)._target_.rpartition(".")
    found: type[Fusion] = getattr(import_module(module), cls)
    return found


def overriding(method: str) -> list[str]:
    """Fusions that bring a method of their own; never none of them, so that what tests them tests something."""
    found = [name for name in NAMES if getattr(class_of(name), method) is not getattr(Fusion, method)]
    assert found, f"No fusion overrides {method}."
    return found


every = pytest.mark.parametrize("name", NAMES)
every_pool = pytest.mark.parametrize(("name", "pool"), pairs())


@pytest.fixture
def three(make_tokens) -> dict[str, Tokens]:
    """Three samples; the second lacks image, the third everything."""
    return {"text": make_tokens(4, 2, 0), "image": make_tokens(5, 0, 0), "audio": make_tokens(1, 3, 0)}


def longer(tokens: Tokens, more: int = 3) -> Tokens:
    """The same with more padding, all of it loud."""
    rows, _, dim = tokens.features.shape
    features = torch.where(tokens.mask[..., None], tokens.features, 30.0)
    padding = torch.full((rows, more, dim), -40.0)
    return Tokens(torch.cat([features, padding], 1), torch.cat([tokens.mask, tokens.mask.new_zeros(rows, more)], 1))


def absent(tokens: Tokens) -> Tokens:
    return Tokens(tokens.features, torch.zeros_like(tokens.mask))


def split(tokens: dict[str, Tokens]) -> tuple[Tokens, dict[str, Tokens]]:
    return tokens["text"], {name: own for name, own in tokens.items() if name != "text"}


@every_pool
def test_joint_tokens_have_the_width_and_tell_who_has_any(name, pool, three):
    fused = build(name, pool=pool)(three)
    assert fused.features.shape[::2] == (3, DIM) and fused.features.isfinite().all()
    assert fused.present.tolist() == [True, True, False]


@every_pool
def test_anchored_tokens_stand_where_the_anchors_stand(name, pool, three):
    anchor, context = split(three)
    fused = build(name, pool=pool).onto(anchor, context)
    assert fused.features.shape == anchor.features.shape and torch.equal(fused.mask, anchor.mask)
    assert fused.features.isfinite().all()


@every_pool
def test_padding_changes_nothing_in_either_form(name, pool, three):
    fusion, padded = build(name, pool=pool), {key: longer(own) for key, own in three.items()}
    short, long = fusion(three), fusion(padded)
    torch.testing.assert_close(long.features[long.mask], short.features[short.mask])
    short, long = (fusion.onto(*split(tokens)) for tokens in (three, padded))
    torch.testing.assert_close(long.features[long.mask], short.features[short.mask])


@every
def test_each_anchor_position_is_fused_by_itself(name, three):
    fusion, (anchor, context) = build(name), split(three)
    before = fusion.onto(anchor, context).features
    for place in range(4):
        features = anchor.features.clone()
        features[:, place] = torch.randn(3, DIM)
        after = fusion.onto(Tokens(features, anchor.mask), context).features
        same = torch.arange(4) != place
        torch.testing.assert_close(after[:, same], before[:, same], rtol=0, atol=1e-6)
        assert (after[0, place] - before[0, place]).abs().max() > 1e-3


@every
def test_sequences_side_by_side_give_what_each_gives_alone(name, three, make_tokens):
    fusion, (_, context) = build(name), split(three)
    captions = [make_tokens(4, 1, 2), make_tokens(2, 3, 0), make_tokens(1, 1, 1)]
    alone = [fusion.onto(caption, context) for caption in captions]
    beside = fusion.onto(Tokens.cat(captions), context)
    torch.testing.assert_close(beside.features, Tokens.cat(alone).features)
    assert torch.equal(beside.mask, Tokens.cat(alone).mask)


@every
def test_a_bound_context_serves_any_number_of_anchors(name, three, make_tokens):
    fusion, (anchor, context) = build(name), split(three)
    fuse = fusion.bind(context)
    for own in (anchor, make_tokens(1, 1, 1), anchor):
        torch.testing.assert_close(fuse(own).features, fusion.onto(own, context).features)


@every
def test_the_context_does_reach_the_anchor(name, three):
    fusion, (anchor, context) = build(name), split(three)
    other = {**context, "image": Tokens(-context["image"].features, context["image"].mask)}
    moved = (fusion.onto(anchor, other).features - fusion.onto(anchor, context).features).abs().amax((1, 2))
    assert moved[0] > 1e-3 and moved[1] < 1e-6


@every
def test_the_order_in_which_modalities_are_handed_over_does_not_matter(name, three):
    fusion, (anchor, context) = build(name), split(three)
    turned = dict(reversed(context.items()))
    torch.testing.assert_close(fusion.onto(anchor, turned).features, fusion.onto(anchor, context).features)
    first, second = fusion(three).pool(), fusion(dict(reversed(three.items()))).pool()
    torch.testing.assert_close(first, second)


@every
def test_a_modality_left_out_is_one_without_a_real_token(name, three):
    fusion, (anchor, context) = build(name), split(three)
    left, gone = {"audio": context["audio"]}, {**context, "image": absent(context["image"])}
    torch.testing.assert_close(fusion.onto(anchor, left).features, fusion.onto(anchor, gone).features)
    left, gone = (fusion({"text": anchor, **others}) for others in (left, gone))
    torch.testing.assert_close(left.features[left.mask], gone.features[gone.mask])


@every
def test_an_empty_context_is_one_in_which_all_is_missing(name, three):
    fusion, (anchor, context) = build(name), split(three)
    nothing = {key: absent(own) for key, own in context.items()}
    torch.testing.assert_close(fusion.onto(anchor, {}).features, fusion.onto(anchor, nothing).features)


@every
@pytest.mark.parametrize("count", [1, 2, 4])
def test_it_serves_any_number_of_modalities(name, count, make_tokens):
    slots = ["text", "image", "audio", "video"][:count]
    fusion, tokens = build(name, slots), {slot: make_tokens(3, i, 0) for i, slot in enumerate(slots)}
    assert fusion(tokens).features.isfinite().all()
    anchor = tokens.pop("text")
    fused = fusion.onto(anchor, tokens)
    assert fused.features.shape == anchor.features.shape and fused.features.isfinite().all()


@every
def test_an_unknown_modality_is_refused(name, three, make_tokens):
    for form in (lambda tokens: build(name)(tokens), lambda tokens: build(name).onto(three["text"], tokens)):
        with pytest.raises(ValueError, match="modality must be one of text, image, audio, got 'smell'"):
            form({"image": three["image"], "smell": make_tokens(1, 1, 1)})


@every
def test_placeholders_of_what_is_missing_learn_through_it(name, three):
    fusion, missing = build(name), PlaceholderMissing(dim=DIM, modalities=SLOTS)
    fused = fusion(missing(three))
    assert fused.present.all()
    fused.features[fused.mask].square().sum().backward()
    assert missing.placeholder.grad.any(1).all()


@pytest.mark.slow
@every
@pytest.mark.filterwarnings("ignore")
def test_both_forms_compile_as_one_graph(name, three):
    fusion = build(name)
    anchor, context = split(three)
    for form, given in ((fusion.forward, (three,)), (fusion.onto, (anchor, context))):
        torch.compiler.reset()
        compiled = torch.compile(form, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(*given).features, form(*given).features)


@every
def test_weights_survive_a_safetensors_file(name, three, tmp_path):
    fusion, twin = build(name), build(name)
    save_file(fusion.state_dict(), tmp_path / "weights.safetensors")
    twin.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(fusion(three).features, twin(three).features)


@pytest.mark.parametrize("name", overriding("weights"))
def test_the_weights_of_what_it_weighs_sum_to_one(name):
    weights = build(name).weights()
    assert len(weights) > 1 and sum(weights.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", [name for name in overriding("penalties") if name != "search"])  # has its candidates'
def test_penalties_are_finite_scalars_that_reach_its_weights(name, three):
    fusion = build(name).train()
    for weight in fusion.parameters():
        torch.nn.init.normal_(weight)  # away from the balance it starts with
    fusion(three)
    penalties = fusion.penalties()
    assert penalties and all(term.shape == () and term.isfinite() for term in penalties.values())
    torch.stack(list(penalties.values())).sum().backward()
    assert any(p.grad is not None and p.grad.any() for p in fusion.parameters())


@every_pool
@pytest.mark.parametrize("form", ["joint", "anchored"])
def test_missing_rows_give_finite_gradients_and_take_no_part(name, pool, form, three):
    fusion = build(name, pool=pool).train()
    three = {key: Tokens(own.features.requires_grad_(), own.mask) for key, own in three.items()}
    fused = fusion(three) if form == "joint" else fusion.onto(*split(three))
    (fused.features * fused.mask.unsqueeze(-1)).square().sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in fusion.parameters())
    for own in three.values():
        assert own.features.grad.isfinite().all() and not own.features.grad[~own.mask].any()
        assert own.features.grad[0].any()


@every
def test_a_batch_of_nothing_but_padding_stays_finite_in_training(name, three):
    fusion, nothing = build(name).train(), {key: absent(own) for key, own in three.items()}
    nothing = {key: Tokens(own.features.requires_grad_(), own.mask) for key, own in nothing.items()}
    for fused in (fusion(nothing), fusion.onto(*split(nothing))):
        assert fused.features.isfinite().all() and not fused.mask.any()
        fused.features.square().sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in fusion.parameters())


@every_pool
def test_bfloat16_autocast_stays_finite_and_near(name, pool, three):
    fusion = build(name, pool=pool)
    exact = fusion(three), fusion.onto(*split(three))
    with torch.autocast("cpu", torch.bfloat16):
        low = fusion(three), fusion.onto(*split(three))
    for far, near in zip(low, exact, strict=True):
        torch.testing.assert_close(far.features[far.mask].float(), near.features[near.mask], rtol=0.1, atol=0.1)


@every
def test_a_state_dict_carries_everything(name, three):
    fusion, twin = build(name), build(name)
    for weight in twin.parameters():
        torch.nn.init.normal_(weight)
    assert not any(True for _ in twin.parameters()) or not torch.equal(fusion(three).features, twin(three).features)
    twin.load_state_dict(fusion.state_dict())
    assert torch.equal(fusion(three).features, twin(three).features)


@every
def test_no_modality_at_all_is_refused(name):
    with pytest.raises(ConfigError, match=r"modalities must name at least one, got \[\]"):
        build(name, [])


class Exported(nn.Module):
    """One form of a fusion of text and image, of plain tensors."""

    def __init__(self, fusion: Fusion, form: str) -> None:
        super().__init__()
        self.fusion, self.form = fusion, form

    def forward(self, text: Tensor, text_mask: Tensor, image: Tensor, image_mask: Tensor) -> tuple[Tensor, Tensor]:
        text, image = Tokens(text, text_mask), Tokens(image, image_mask)
        joint = self.form == "joint"
        fused = self.fusion({"text": text, "image": image}) if joint else self.fusion.onto(text, {"image": image})
        return fused.features, fused.mask


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["joint", "anchored"])
@pytest.mark.parametrize("name", ["concat", "gated", "attention"])
def test_an_exported_fusion_takes_batches_and_lengths_of_any_size(name, form, make_tokens):
    def given(*lengths: tuple[int, ...]) -> tuple[Tensor, ...]:
        text, image = (make_tokens(*own) for own in lengths)
        return text.features, text.mask, image.features, image.mask

    module = Exported(build(name, ("text", "image")), form)
    batch, words, patches = Dim("batch"), Dim("words"), Dim("patches")
    shapes = [{0: batch, 1: length} for length in (words, words, patches, patches)]
    program = export(module, given((4, 2, 3), (5, 1, 0)), dynamic_shapes=tuple(shapes)).module()
    for other in (given((7, 0, 1, 2, 3, 3), (2, 2, 0, 1, 1, 1)), given((2, 1), (9, 3))):
        for found, expected in zip(program(*other), module(*other), strict=True):
            torch.testing.assert_close(found, expected)


ATTENTIVE = [name for name in NAMES if type(build(name)).attended is not Fusion.attended]


def test_some_fusions_have_attention() -> None:
    assert ATTENTIVE == ["attention", "bottleneck", "co_attention", "knowledge", "query", "transformer"]
    assert build("concat").attended({}) is None


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("name", ATTENTIVE)
def test_attention_is_a_share_of_each_fused_token_over_real_tokens(name: str, depth: int, make_tokens: Any) -> None:
    node = {**root(name)["fusion"], "depth": depth}
    fusion = instantiate("fusion", Facts({"modalities": list(SLOTS)}).bind({**root(name), "fusion": node}, "fusion"))
    fusion.eval()
    tokens = {"text": make_tokens(5, 2, 0), "image": make_tokens(4, 4, 4), "audio": make_tokens(3, 1, 0)}
    with torch.no_grad():
        found, fused = fusion.attended(tokens), fusion(tokens)
        again = fusion(tokens)
    assert found.shape == (3, fused.features.shape[1], 5 + 4 + 3)
    assert float(found.min()) >= 0 and float(found.sum(-1).max()) <= 1 + 1e-5
    columns = torch.cat([own.mask for own in tokens.values()], 1)  # [B, 12]
    to_padding = (found * ~columns[:, None]).sum(-1)[fused.mask]
    assert float(to_padding.max()) < 1e-6, "a real token attends to no padding"
    assert float(found[0].max(0).values.min()) > 0, "and to every real token, or is reached by it"
    torch.testing.assert_close(fused.features, again.features, msg="watching leaves nothing behind")


@pytest.mark.parametrize("name", ATTENTIVE)
def test_attention_to_a_modality_that_is_left_out_has_no_column(name: str, make_tokens: Any) -> None:
    tokens = {"image": make_tokens(4, 4)}
    with torch.no_grad():
        found = build(name).attended(tokens)
    assert found is not None and found.shape[-1] == 4 and bool(found.isfinite().all())
