"""The typed root of every config: which keys there are, and what each is to a run; below a component's key, its
constructor is the schema.

Adding a root key is one field of ``Schema``; adding a group of components is one field with a ``Slot``. All else that
depends on a key reads its ``Role``. It imports nothing beyond the standard library, so anything may read it.
"""

# ruff: noqa: RUF009  # what _key returns is a field
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, get_origin, get_type_hints

from mmexp.config.role import Role, Slot
from mmexp.config.tokenizer import TokenizerConfig
from mmexp.config.training import TrainingConfig

MISSING: Any = "???"  # OmegaConf's mark of a value that a file has yet to give


def _key(role: Role, *, default: Any = MISSING, default_factory: Callable[[], Any] | None = None) -> Any:
    """A field that says what its key is to a run."""
    if default_factory:
        return field(default_factory=default_factory, metadata={"role": role})
    return field(default=default, metadata={"role": role})


@dataclass
class Schema:
    """Root keys; their values stand in ``conf/config.yaml``.

    Args:
        name: Folder of the run below ``outputs``; null is filled from the choices.
        seed: Of everything random.
        folds: Null for the splits of the dataset; ``groups`` to leave out one group at a time, or the number of folds.
        fold: The one that is tested; null with ``folds`` makes a run of each.
        dim: Width D of every token.
        inputs: Modalities to encode, in order; null takes what the dataset offers.
        control: Null, or what to do to the inputs so that a real result must vanish: ``blank`` or ``shuffled``.
        outputs: Folder of all runs.
        resume: Run to resume.
        pretrained: Run whose encoders, fusion and tokenizer to start from, as far as they are used again.
        baselines: Whether to train, after the run, what its fusion must beat: each input alone and the controls.
        tuned: Trials on val by which what is typed was chosen; null if it was not, or that is not known.
        fair: What every job of a sweep has the same of, by the ``dim`` solved for each: ``params``, ``flops`` or
            ``time``; null leaves ``dim`` as it is.
        plugins: Packages, in addition to mmexp's own, whose classes may be named in ``_target_``.
        tokenize: What metrics of texts count: ``words``, ``characters`` or ``blanks``, see ``metric.caption``.
        feature_cache: GiB of features of frozen encoders that are kept on disk for all runs; 0 keeps none.
        encoder: By modality.
        logger: By name; where metrics go in addition to the run folder.
        callback: By name; what happens in addition to the steps.
        metric: By name; what is measured in addition to the metrics of the task.
        augment: By name, in the order in which they are applied.
        kind: Kinds of data by name; filled with every option of the group when composed.
        launcher: Where the jobs of a sweep run.
        search: Which jobs a sweep has.
        attack: By name; how inputs of a trained run are changed by gradients.
        sampler: Which training samples an epoch holds; null for each once.
        choices: Option chosen in each group of a run; filled when composed.
    """

    name: str | None = _key(Role("place", of_baseline=True, also=("run_name", "experiment_name")))
    seed: int = _key(Role("repetition", recorded=True, also=("random_seed", "manual_seed")))
    folds: str | int | None = _key(Role(also=("cv", "k_folds", "num_folds", "n_splits")), default=None)
    fold: str | None = _key(Role("repetition"), default=None)
    dim: int = _key(Role(of_model=True, also=("hidden_size", "hidden_dim", "d_model", "embed_dim", "width")))
    inputs: list[str] | None = _key(Role(recorded=True, of_baseline=True, of_model=True, also=("modalities",)))
    control: str | None = _key(Role(of_baseline=True))
    outputs: str = _key(Role("place", resumable=True, of_baseline=True, also=("output_dir", "save_dir", "log_dir")))
    resume: str | None = _key(
        Role("place", resumable=True, of_baseline=True, also=("resume_from", "ckpt_path", "resume_from_checkpoint"))
    )
    pretrained: str | None = _key(
        Role(also=("checkpoint", "init_from")), default=None
    )  # None: runs from before this key was there
    baselines: bool = _key(Role("place", resumable=True, of_baseline=True))
    tuned: int | None = _key(Role("place", recorded=True), default=None)
    fair: str | None = _key(Role("place", recorded=True), default=None)
    plugins: list[str] = _key(Role("place", resumable=True, changeable=True))
    tokenize: str = _key(Role(changeable=True), default="words")
    tokenizer: TokenizerConfig = _key(Role(of_model=True), default_factory=TokenizerConfig)
    training: TrainingConfig = _key(Role(changeable=("batch_size",)), default_factory=TrainingConfig)
    encoder: dict[str, Any] = _key(
        Role(
            slot=Slot(("mmexp.encoder.base.Encoder",), fetched=("pretrained", "weights", "vectors")),
            of_model=True,
            also=("model", "backbone"),
        )
    )
    missing: Any = _key(Role(slot=Slot(("mmexp.missing.base.Missing",)), of_model=True))
    fusion: Any = _key(Role(slot=Slot(("mmexp.fusion.base.Fusion",)), of_model=True))
    task: Any = _key(
        Role(
            slot=Slot(("mmexp.task.base.Task",)),
            changeable=("beams", "length_penalty"),
            ranked_apart=True,
            of_model=True,
            also=("head", "objective"),
        )
    )
    feature_cache: float = _key(Role("place", resumable=True), default=8.0)
    dataset: Any = _key(
        Role(
            slot=Slot(("mmexp.dataset.base.MultimodalDataset",), uses_files=True),
            changeable=True,
            ranked_apart=True,
            also=("data", "datamodule"),
        )
    )
    optimizer: Any = _key(Role(slot=Slot(("torch.optim.Optimizer",), parts=("params",)), also=("optim", "opt")))
    scheduler: Any = _key(
        Role(
            slot=Slot(("torch.optim.lr_scheduler.LRScheduler",), parts=("optimizer", "total_steps"), optional=True),
            also=("lr_scheduler", "sched"),
        )
    )
    hardware: Any = _key(
        Role(slot=Slot(("mmexp.hardware.base.Hardware",)), changeable=True, also=("device", "accelerator", "trainer"))
    )
    method: Any = _key(Role(slot=Slot(("mmexp.method.base.Method",)), of_model=True))
    logger: dict[str, Any] = _key(
        Role("place", slot=Slot(("mmexp.logger.base.Logger",), uses_files=True)), default_factory=dict
    )
    callback: dict[str, Any] = _key(Role(slot=Slot(("pytorch_lightning.callbacks.Callback",))), default_factory=dict)
    metric: dict[str, Any] = _key(Role(slot=Slot(("mmexp.metric.row.RowMetric",))), default_factory=dict)
    kind: dict[str, Any] = _key(Role("place", slot=Slot(("mmexp.dataset.kind.base.Kind",))), default_factory=dict)
    launcher: Any = _key(
        Role("sweep", Slot(("mmexp.launcher.base.Launcher",), optional=True), resumable=True, of_baseline=True)
    )
    search: Any = _key(
        Role(
            "sweep",
            Slot(("mmexp.search.base.Search",), parts=("overrides",), optional=True),
            resumable=True,
            of_baseline=True,
        )
    )
    augment: dict[str, Any] = _key(
        Role(slot=Slot(("mmexp.augment.base.Augment",)), also=("augmentation", "transforms")), default_factory=dict
    )
    sampler: Any = _key(
        Role(slot=Slot(("mmexp.sampler.base.Sampler",), optional=True), also=("oversampling",)), default=None
    )
    attack: dict[str, Any] = _key(
        Role("study", Slot(("mmexp.attack.base.Attack",)), also=("adversarial", "adversary")), default_factory=dict
    )
    choices: dict[str, str] = _key(Role("composed"))


_HINTS = get_type_hints(Schema)
ROLES: dict[str, Role] = {one.name: one.metadata["role"] for one in fields(Schema)}
ROOT = tuple(name for name, role in ROLES.items() if role.kind != "composed")
REPETITIONS = tuple(name for name, role in ROLES.items() if role.kind == "repetition" and not role.recorded)
STUDY = tuple(name for name, role in ROLES.items() if role.kind == "study")
SWEEP = tuple(name for name, role in ROLES.items() if role.kind == "sweep")
SECTIONS = {name: kind for name, kind in _HINTS.items() if isinstance(kind, type) and is_dataclass(kind)}
GROUPS = tuple(name for name, role in ROLES.items() if role.slot)
SLOTS = {
    **{name: role.slot for name, role in ROLES.items() if role.slot},
    "pool": Slot(("mmexp.pool.base.Pool",)),
    "loss": Slot(("mmexp.loss.base.ClassLoss",)),
    "decoder": Slot(("mmexp.decoder.base.TextDecoder",), fetched=("pretrained", "vectors")),
    "trains": Slot(("mmexp.method.base.Method",)),
    "transform": Slot(("mmexp.transform.base.Transform",)),
    "masking": Slot(("mmexp.masking.base.Masking",), by_name=True),
}
"""Every kind of component: the groups, and what only stands inside other components, under these names."""
PART = Slot(("torch.nn.Module", "mmexp.transform.base.Transform", "mmexp.dataset.base.MultimodalDataset"))
"""What any other component inside another must be."""
CHANGEABLE = tuple(
    key
    for name, role in ROLES.items()
    for key in ([name] if role.changeable is True else [f"{name}.{below}" for below in role.changeable or ()])
)


def holds_many(name: str) -> bool:
    """Whether a root key holds components by name, so that several options of its group can be chosen at once."""
    return name in GROUPS and get_origin(_HINTS[name]) is dict


def is_text(name: str) -> bool:
    """Whether the value of a root key is a text."""
    return _HINTS.get(name) in (str, str | None)


def slot_of(path: str) -> Slot:
    """Return the slot of a component by its key path: by its own name, or by that of the dictionary of one kind."""
    *_, parent, name = ["", *path.split(".")]
    several = holds_many(parent) or (parent in SLOTS and SLOTS[parent].by_name)
    return SLOTS.get(parent if several else name, PART)


def key_of(word: str) -> str:
    """Return the key or group that an override sets: ``+a.b=1``, ``a.b=1`` and ``~a.b`` are of ``a.b``."""
    return word.lstrip("+~").partition("=")[0]


@cache
def root_of(key: str) -> str:
    """Return the root key that a key, a group or a choice such as ``pool@fusion.pool`` belongs to."""
    return re.split(r"[./]", key.partition("@")[2] or key)[0]


@cache
def role_of(key: str) -> Role:
    """Return the role of the root key that a key, a group or a choice belongs to; ``experiment`` is an identity."""
    return ROLES.get(root_of(key), Role())
