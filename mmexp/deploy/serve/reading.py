"""From a request to a sample: each value is read by its own kind, files from a private folder, and nothing else."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmexp.contract import Sample
from mmexp.dataset.build import build_kinds
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.table.ad_hoc import kind_of_input
from mmexp.deploy.serve.exchange import Form, Input, Payload, Upload
from mmexp.deploy.serve.header import refuse_large
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal
from mmexp.inference.predictor import Predictor


class Uploads(Folder):
    """Finds the files that came with one request, and no others.

    Args:
        path: Folder that they are written to.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, path)
        self.files: dict[str, Path] = {}

    def keep(self, upload: Upload, kind: Kind) -> str:
        """Write a file and return the name by which it is found; its own name is not used."""
        suffix = upload.suffix if upload.suffix in kind.suffixes else "".join(kind.suffixes[:1])
        path = self.root / f"{len(self.files)}{suffix}"
        path.write_bytes(upload.content)
        self.files[str(path)] = path
        return str(path)

    def locate(self, value: Any) -> Path:
        """Return the place of a file that came.

        Raises:
            ValueError: If it did not.
        """
        if not isinstance(value, str) or value not in self.files:
            raise ValueError("must be a file that came with the request, got another path")
        return self.files[value]


class Reader:
    """Read requests as ``mmexp predict`` reads what is typed.

    Args:
        trained: Whose inputs are read.
        limits: Of each input.
    """

    def __init__(self, trained: Predictor, limits: Limits) -> None:
        self.limits = limits
        self.facts: Mapping[str, Any] = trained.facts.get("modality", {})
        known, names = build_kinds(trained.root), {name: own["kind"] for name, own in self.facts.items()}
        self.kinds = {name: kind_of_input(name, known, names) for name in trained.facts["inputs"]}
        self._own_names = {name: known.own_name(kind) for name, kind in self.kinds.items()}

    def inputs(self) -> list[Input]:
        """Describe each input."""
        return [self._input(name, kind) for name, kind in self.kinds.items()]

    def read(self, payload: Payload) -> Sample:
        """Return the sample, with all files decoded.

        Raises:
            Refusal: If a value is too large, or cannot be read.
        """
        with tempfile.TemporaryDirectory(prefix="request-") as path:
            folder = Uploads(Path(path))
            try:
                values = {name: self._value(name, value, folder) for name, value in payload.values.items()}
            except ValueError as fault:
                message = str(fault).replace(str(folder.root), "").partition(". Set ")[0]
                raise Refusal(422, "invalid_input", f"{message[:400].rstrip('.')}.") from None
            return Sample(payload.id, values, {}, self._digests(payload))

    def _value(self, name: str, value: Any, folder: Uploads) -> Any:
        kind = self.kinds[name]
        try:
            cell = self._cell(name, value, kind, folder)
            known = kind.for_column([{name: cell}], name, self.facts.get(name, {}))
            picked = known.pick({name: cell}, name)
            if picked is None:
                raise ValueError("must have a value, got an empty one")
            kept = known.read(picked, folder)
            for one in folder.files.values():
                refuse_large(name, kind, one, self.limits)
            self._refuse_long(name, kept)
            return known.load(kept, folder)
        except MemoryError:
            raise Refusal(413, "too_large", f"{name} must fit in memory, got more.") from None
        except ValueError as fault:
            raise ValueError(f"{name} {fault}") from None

    def _cell(self, name: str, value: Any, kind: Kind, folder: Uploads) -> Any:
        if isinstance(value, Upload):
            path = folder.keep(value, kind)
            return path if kind.is_file and not self._takes_list(name) else self._listed(name, kind, [path])
        if isinstance(value, list) and any(isinstance(one, Upload) for one in value):
            return self._listed(name, kind, [folder.keep(one, kind) for one in value])
        return kind.from_word(value) if isinstance(value, str) else value

    def _listed(self, name: str, kind: Kind, paths: list[str]) -> Any:
        """Return several files of one input, or the one of an input that is no file."""
        if not kind.is_file:
            return kind.from_file(paths[0])
        if not self._takes_list(name):
            raise ValueError(f"must be one file, got {len(paths)}")
        return paths

    def _takes_list(self, name: str) -> bool:
        """Whether an input is read from a list of files, as frames are."""
        return len(self.kinds[name].paths(["0", "1"])) == 2

    def _refuse_long(self, name: str, kept: Any) -> None:
        texts = kept if isinstance(kept, list | tuple) else [kept]
        words = sum(len(text.split()) for text in texts if isinstance(text, str))
        if words > self.limits.words:
            rule = f"{name} must have at most {self.limits.words} words"
            raise Refusal(413, "too_many_words", f"{rule}, got {words}.")

    def _digests(self, payload: Payload) -> dict[str, str]:
        """Hash files as a table does, so that what training has kept of them is found."""
        given = {name: value if isinstance(value, list) else [value] for name, value in payload.values.items()}
        files = {name: [one for one in value if isinstance(one, Upload)] for name, value in given.items()}
        found = {name: [hashlib.sha256(one.content).hexdigest() for one in own] for name, own in files.items()}
        return {name: " ".join(digests) for name, digests in found.items() if digests and self.kinds[name].is_file}

    def _input(self, name: str, kind: Kind) -> Input:
        facts = self.facts.get(name, {})
        columns = [{key: one[key] for key in ("name", "values") if key in one} for one in facts.get("columns", ())]
        form: Form = "file" if kind.is_file else "text" if kind.prose and not columns else "json"
        width = facts.get("width") if form == "json" else None
        return Input(name, self._own_names[name], form, tuple(kind.suffixes), columns, width)
