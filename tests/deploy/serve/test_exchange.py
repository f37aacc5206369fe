from __future__ import annotations

import pickle

from mmexp.deploy.serve.exchange import Description, Payload, Upload, error


def test_what_crosses_the_pipe_is_the_same_on_the_other_side(description: Description) -> None:
    payload = Payload("a", {"image": Upload(b"png", ".png"), "text": "hi"})
    assert pickle.loads(pickle.dumps(payload)) == payload
    assert pickle.loads(pickle.dumps(description)) == description


def test_sizes_are_bytes_of_files_and_characters_of_the_rest() -> None:
    values = {"image": Upload(b"1234"), "video": [Upload(b"12"), Upload(b"3")], "text": "hello", "vector": [1, 2]}
    assert Payload("a", values).sizes == {"image": 4, "video": 3, "text": 5, "vector": 6}


def test_an_input_is_found_by_its_name(description: Description) -> None:
    found = description.input("text")
    assert found is not None and found.form == "text" and description.input("sound") is None


def test_an_error_has_a_code_and_a_message() -> None:
    assert error("a", "b") == {"error": {"code": "a", "message": "b"}}
