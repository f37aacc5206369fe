"""Hydra's defaults lists, followed without what only an interpolation in one of them needs.

For each file it enters, Hydra makes a config of all choices so far, from which ``- task: ${other}`` is resolved: most
of the time that a composition takes, for nothing where no default is written so.
"""

from __future__ import annotations

from hydra._internal import defaults_list as lists
from hydra._internal.defaults_list import Overrides, create_defaults_list
from hydra.core.default_element import InputDefault
from omegaconf import DictConfig

__all__ = ["create_defaults_list"]

_all_choices = lists._create_interpolation_map


def _choices(overrides: Overrides, defaults_list: list[InputDefault], self_added: bool) -> DictConfig:
    """Return the choices that a default of this file may refer to; none if no default refers to any."""
    refers = any(not one.is_self() and one.is_interpolation() for one in defaults_list)
    return _all_choices(overrides, defaults_list, self_added) if refers else DictConfig({})


lists._create_interpolation_map = _choices
