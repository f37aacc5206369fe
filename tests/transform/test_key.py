from __future__ import annotations

import subprocess
import sys

import pytest

from mmexp.contract import Batch
from mmexp.transform.key import KeyTransform, key, keys_of


@pytest.mark.parametrize(("one", "other"), [("a", "b"), (1, "1"), ("ab", ["a", "b"]), ("", None), ("\ud800", "?")])
def test_other_values_have_other_keys(one, other):
    assert key(one) != key(other) and 0 <= key(one) < 2**63


def test_a_key_is_the_same_in_every_process():
    code = "from mmexp.transform.key import key; print(key('scene-7'))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONHASHSEED": "7"})
    assert int(told.stdout) == key("scene-7")


def test_a_batch_holds_the_keys_of_those_that_have_a_value():
    transform = KeyTransform()
    padded = transform.collate([transform.prepare("a"), None, transform.prepare("a")])
    assert padded.values.tolist() == [key("a"), 0, key("a")] and padded.mask.tolist() == [True, False, True]


def test_inputs_of_one_file_have_one_key_and_others_that_of_their_sample():
    batch = Batch({}, {}, ("a", "b", "c"), ({"image": "x"}, {"image": "x"}, {}))
    assert keys_of(batch, "image") == [key(["x"]), key(["x"]), key("c")]
    assert keys_of(Batch({}, {}, ("a", "b")), "image") == [key("a"), key("b")]
