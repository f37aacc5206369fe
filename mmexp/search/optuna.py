"""Values that Optuna proposes, from what earlier jobs gave.

Private API used: ``FrozenTrial._trial_id``, by which a trial is found again in its journal, also by another process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmexp.config.space import Dimension, read_space, refuse_repeats
from mmexp.error import ConfigError
from mmexp.run.summary import DONE, RunRow
from mmexp.search.base import Prune, Search
from mmexp.search.selection import Selection

if TYPE_CHECKING:
    import optuna

JOURNAL = "optuna.journal"
_WORDS = "words"


class OptunaSearch(Search):
    """Propose jobs by Optuna 5: as many at a time as run at once, ``trials`` in all; give up those that fall behind.

    Trials, scores and learning curves lie in a journal in the folder of the sweep, so that it can be resumed, extended
    (``mmexp sweep extend SWEEP search.trials=60``) and shared by several processes.

    Source: Akiba et al. 2019, "Optuna: A Next-generation Hyperparameter Optimization Framework", arXiv 1907.10902; TPE:
    Bergstra et al. 2011; CMA-ES: Hansen and Ostermeier 2001; Hyperband: Li et al. 2018, arXiv 1603.06560; ASHA: Li et
    al. 2020, arXiv 1810.05934.

    Args:
        overrides: As of ``Search``; ``interval(a, b)`` and ``tag(log, interval(a, b))`` are distributions.
        trials: Jobs in all.
        sampler: tpe, gp, cmaes (numbers only) or random.
        pruner: median, hyperband or asha, by the monitored metric of the validations; None for no pruning. A run of
            several processes is not given up.
        seed: Of the sampler.
        metric: By which trials are judged; None for the one that each run monitors.
        select_on_test: Whether that may be one of the test split, after which this split shows nothing any more.
        space: Further keys with their sweeps, such as those of ``search/space=optimizer``.

    Raises:
        ValueError: If a number or a name is none of these.
        ConfigError: If Optuna is not installed, the metric is not of the validation split, or seeds are searched over.
    """

    def __init__(
        self,
        *,
        overrides: Sequence[str],
        trials: int = 20,
        sampler: str = "tpe",
        pruner: str | None = None,
        seed: int = 0,
        metric: str | None = None,
        select_on_test: bool = False,
        space: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(overrides=overrides)
        if trials < 1:
            raise ValueError(f"OptunaSearch: trials must be at least 1, got {trials}.")
        self.selection = Selection(metric, select_on_test)
        self.trials, self.seed, self.note = trials, seed, self.selection.note
        self._sampler, self._pruner, self._prunes = sampler, make_pruner(pruner), pruner is not None
        make_sampler(sampler, seed)
        self._fixed, self._dimensions = read_space(overrides, space)
        refuse_repeats(self._dimensions)
        self._study: optuna.Study | None = None
        self._begun, self._workers = False, 1
        self._path = Path()

    def open(self, folder: Path, workers: int) -> None:
        self._path, self._workers = folder.absolute() / JOURNAL, workers
        self._study = open_study(self._path, self._pruner)

    def ask(self) -> list[list[str]]:
        """Return the jobs of trials that an earlier process has left, once, and new ones for all workers."""
        study = self._opened()
        known = {trial.number: trial.user_attrs[_WORDS] for trial in study.trials if _WORDS in trial.user_attrs}
        left = [] if self._begun else list(known.values())
        self._begun = True
        new = max(0, min(self._workers, self.trials - len(known))) if not left else 0
        return [*left, *(self._propose(study) for _ in range(new))]

    def tell(self, overrides: Sequence[str], run: RunRow | None) -> None:
        from optuna.trial import TrialState

        study = self._opened()
        for trial in study.trials:
            if trial.user_attrs.get(_WORDS) != list(overrides) or trial.state.is_finished():
                continue
            score = self.selection.score(run) if run and run.status == DONE else None
            state = TrialState.PRUNED if run and run.status != DONE else TrialState.FAIL
            if score is None:
                study.tell(trial.number, state=state, skip_if_finished=True)
            else:
                study.tell(trial.number, score, skip_if_finished=True)

    def prune(self, overrides: Sequence[str]) -> Prune | None:
        if not self._prunes:
            return None
        found = [one for one in self._opened().trials if one.user_attrs.get(_WORDS) == list(overrides)]
        return TrialPruner(self._path, found[-1]._trial_id, self._pruner) if found else None

    def _propose(self, study: optuna.Study) -> list[str]:
        study.sampler = make_sampler(self._sampler, self.seed + len(study.trials))  # resumed or not, the same draws
        trial = study.ask()
        words = [*self._fixed, *(one.word(_suggest(trial, one)) for one in self._dimensions)]
        trial.set_user_attr(_WORDS, words)
        return words

    def _opened(self) -> optuna.Study:
        if self._study is None:
            raise ValueError("OptunaSearch: open must come before ask, got no folder.")
        return self._study


@dataclass(frozen=True)
class TrialPruner:
    """Report the learning curve of a trial to its journal, and return whether it falls behind.

    Args:
        journal: Path of the journal.
        trial: Id in it.
        pruner: Decides.
    """

    journal: Path
    trial: int
    pruner: optuna.pruners.BasePruner

    def __call__(self, validation: int, score: float) -> bool:
        from optuna.trial import Trial

        trial = Trial(open_study(self.journal, self.pruner), self.trial)
        trial.report(score, validation)
        return trial.should_prune()


def open_study(path: Path, pruner: optuna.pruners.BasePruner) -> optuna.Study:
    """Open the study of a journal, or begin it. Scores are turned so that more is better."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    return optuna.create_study(
        study_name="sweep",
        storage=storage,
        pruner=pruner,
        direction="maximize",
        load_if_exists=True,
    )


def make_sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    """Build a sampler by its name.

    Raises:
        ValueError: If there is none of that name.
        ConfigError: If what it needs is not installed.
    """
    samplers = _optuna().samplers
    known: dict[str, Any] = {
        "tpe": samplers.TPESampler,
        "gp": samplers.GPSampler,
        "cmaes": samplers.CmaEsSampler,
        "random": samplers.RandomSampler,
    }
    if name not in known:
        raise ValueError(f"OptunaSearch: sampler must be one of {', '.join(known)}, got {name!r}.")
    if name == "cmaes":
        _required("cmaes")
    sampler: optuna.samplers.BaseSampler = known[name](seed=seed)
    return sampler


def make_pruner(name: str | None) -> optuna.pruners.BasePruner:
    """Build a pruner by its name; one that never prunes for None.

    Raises:
        ValueError: If there is none of that name.
    """
    pruners = _optuna().pruners
    known: dict[str | None, Any] = {
        None: pruners.NopPruner,
        "median": pruners.MedianPruner,
        "hyperband": pruners.HyperbandPruner,
        "asha": pruners.SuccessiveHalvingPruner,
    }
    if name not in known:
        raise ValueError(f"OptunaSearch: pruner must be one of median, hyperband, asha, got {name!r}.")
    pruner: optuna.pruners.BasePruner = known[name]()
    return pruner


def _suggest(trial: optuna.Trial, dimension: Dimension) -> str | float | int:
    key, low, high = dimension.key, dimension.low, dimension.high
    if dimension.values:
        return trial.suggest_categorical(key, dimension.values)
    if dimension.integer:
        return trial.suggest_int(key, int(low), int(high), log=dimension.log)
    return trial.suggest_float(key, low, high, log=dimension.log)


def _optuna() -> Any:
    return _required("optuna")


def _required(package: str) -> Any:
    """Import a package that mmexp does without otherwise."""
    from importlib import import_module

    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        rule = f"package {package} must be installed for search=optuna"
        raise ConfigError(f"OptunaSearch: {rule}, got none.", f"Run: pip install {package}") from error
