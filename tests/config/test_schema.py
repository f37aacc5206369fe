from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pytest
from omegaconf import MISSING, OmegaConf

from mmexp.config import schema
from mmexp.config.schema import (
    CHANGEABLE,
    GROUPS,
    PART,
    ROLES,
    ROOT,
    SLOTS,
    STUDY,
    SWEEP,
    Schema,
    holds_many,
    role_of,
    root_of,
    slot_of,
)


def test_every_field_has_a_role() -> None:
    assert list(ROLES) == [one.name for one in fields(Schema)]
    assert [name for name in ROLES if name not in ROOT] == ["choices"]


def test_a_group_of_components_is_a_field_with_a_slot() -> None:
    assert set(GROUPS) < set(ROOT)
    assert all(SLOTS[name] is ROLES[name].slot for name in GROUPS)


def test_what_says_where_a_run_lies_changes_nothing_of_it() -> None:
    places = [name for name in ROOT if ROLES[name].kind == "place"]
    assert places == [
        "name",
        "outputs",
        "resume",
        "baselines",
        "tuned",
        "fair",
        "plugins",
        "feature_cache",
        "logger",
        "kind",
    ]
    assert not any(ROLES[name].is_hashed for name in places)
    assert not any(ROLES[name].is_compared for name in places)


def test_what_runs_a_sweep_is_no_part_of_a_run() -> None:
    assert SWEEP == ("launcher", "search")
    assert not any(ROLES[name].is_hashed or ROLES[name].is_compared for name in SWEEP)


def test_a_repetition_counts_for_the_key_of_a_run_but_is_no_setting() -> None:
    assert [name for name, role in ROLES.items() if role.kind == "repetition"] == ["seed", "fold"]
    assert all(ROLES[name].is_hashed and not ROLES[name].is_compared for name in ("seed", "fold"))


def test_predict_may_change_the_data_the_machine_and_the_search() -> None:
    changeable = {"plugins", "tokenize", "training.batch_size", "dataset", "hardware"}
    changeable |= {"task.beams", "task.length_penalty"}
    assert set(CHANGEABLE) == changeable


def test_a_baseline_sets_its_inputs_and_its_place_by_itself() -> None:
    own = {name for name, role in ROLES.items() if role.of_baseline}
    assert own == {"name", "inputs", "control", "outputs", "resume", "baselines", *SWEEP}
    resumable = {name for name, role in ROLES.items() if role.resumable}
    assert resumable == {"outputs", "resume", "baselines", "plugins", "feature_cache", *SWEEP}


@pytest.mark.parametrize("key", ["fusion", "fusion.depth", "pool@fusion.pool", "fusion/inner"])
def test_a_key_and_a_choice_belong_to_their_root_key(key: str) -> None:
    assert root_of(key) == "fusion"
    assert role_of(key) is ROLES["fusion"]


def test_an_experiment_is_what_a_run_is() -> None:
    assert role_of("experiment").is_compared


def test_a_slot_is_given_by_the_key() -> None:
    assert slot_of("encoder.image") == slot_of("task.encoder") == slot_of("encoder.pool") == SLOTS["encoder"]
    assert slot_of("fusion.pool") == slot_of("encoder.image.pool") == SLOTS["pool"]
    assert slot_of("task.tasks.caption.decoder") == SLOTS["decoder"] and slot_of("task.decoder.prefix") == PART
    assert slot_of("task.masking.audio") == slot_of("task.tasks.own.masking.pool") == SLOTS["masking"]


def test_what_is_done_to_a_trained_run_is_no_part_of_it() -> None:
    assert STUDY == ("attack",)
    assert not any(ROLES[name].is_part or ROLES[name].is_hashed or ROLES[name].is_compared for name in STUDY)


def test_only_a_dictionary_of_components_holds_many() -> None:
    many = ["encoder", "logger", "callback", "metric", "kind", "augment", "attack"]
    assert [name for name in ROOT if holds_many(name)] == many


def test_missing_is_what_omegaconf_takes_for_missing() -> None:
    assert schema.MISSING == MISSING
    assert OmegaConf.is_missing(OmegaConf.structured(Schema), "dim")


def test_reading_the_roles_imports_no_library() -> None:
    code = "import sys; before = set(sys.modules); import mmexp.config.schema; print(*{*sys.modules} - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in ours} == {"mmexp"}
