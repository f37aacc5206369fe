from __future__ import annotations

import torch

from mmexp.layer.rollout import across, through, with_residual


def maps(*shapes: tuple[int, int]) -> list[torch.Tensor]:
    return [torch.randn(2, 3, *shape).softmax(-1) for shape in shapes]


def test_of_one_layer_it_is_the_attention_averaged_over_heads():
    (one,) = maps((4, 4))
    torch.testing.assert_close(through([one]), one.mean(1))
    stays, weights = across([one])
    assert stays == 0
    torch.testing.assert_close(weights, one.mean(1))


def test_layers_are_multiplied_with_the_residual_connection_of_each():
    first, second = maps((4, 4), (4, 4))
    expected = (0.5 * second.mean(1) + 0.5 * torch.eye(4)) @ (0.5 * first.mean(1) + 0.5 * torch.eye(4))
    torch.testing.assert_close(through([first, second]), expected)
    torch.testing.assert_close(expected.sum(-1), torch.ones(2, 4))


def test_queries_that_are_learned_have_no_residual_to_what_they_read():
    first, second = maps((3, 5), (3, 3))
    torch.testing.assert_close(through([first, second]), with_residual(second.mean(1)) @ first.mean(1))


def test_layers_over_one_context_agree_with_the_rollout_of_both_together():
    """The context attends to itself alone: then the usual rollout over tokens and context is the reference."""
    layers = maps((4, 5), (4, 5), (4, 5))
    stays, weights = across(layers)
    whole = torch.eye(9).expand(2, -1, -1)
    for one in layers:
        step = torch.zeros(2, 9, 9)
        step[:, 4:, 4:] = torch.eye(5)
        step[:, :4, 4:], step[:, :4, :4] = 0.5 * one.mean(1), 0.5 * torch.eye(4)
        whole = step @ whole
    torch.testing.assert_close(weights, whole[:, :4, 4:])
    torch.testing.assert_close(stays * torch.eye(4).expand(2, -1, -1), whole[:, :4, :4])
