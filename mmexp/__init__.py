"""mmexp: which way of fusing modalities works, for which task, on my data, at what cost?

One formula carries the package: ``z = p(h(f(x), g(y)))`` with encoders ``f, g``, a fusion ``h`` and a task ``p``.

The names below are loaded when they are used: ``import mmexp`` by itself imports neither torch nor Hydra.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:  # the public names, one a line: a new one is added here and nowhere else
    from mmexp.api.compare import compare as compare
    from mmexp.api.evaluate import evaluate as evaluate
    from mmexp.api.predict import predict as predict
    from mmexp.api.run import Run as Run
    from mmexp.api.run import load_run as load_run
    from mmexp.api.train import train as train
    from mmexp.attack.base import Attack as Attack
    from mmexp.augment.base import Augment as Augment
    from mmexp.contract import Batch as Batch
    from mmexp.contract import Outputs as Outputs
    from mmexp.contract import Padded as Padded
    from mmexp.contract import Sample as Sample
    from mmexp.contract import Tokens as Tokens
    from mmexp.contract import Waveform as Waveform
    from mmexp.dataset.base import MultimodalDataset as MultimodalDataset
    from mmexp.dataset.kind.base import Kind as Kind
    from mmexp.encoder.base import Encoder as Encoder
    from mmexp.fusion.base import Fusion as Fusion
    from mmexp.fusion.fuse import fuse as fuse
    from mmexp.launcher.base import Launcher as Launcher
    from mmexp.logger.base import Logger as Logger
    from mmexp.method.base import Method as Method
    from mmexp.missing.base import Missing as Missing
    from mmexp.pool.base import Pool as Pool
    from mmexp.sampler.base import Sampler as Sampler
    from mmexp.search.base import Search as Search
    from mmexp.task.base import Task as Task
    from mmexp.transform.base import Transform as Transform
    from mmexp.transform.text import Tokenizer as Tokenizer
else:

    def _modules() -> dict[str, str]:
        """Return the module of each public name, as the imports above state it."""
        import ast
        import inspect
        import sys

        imports = ast.walk(ast.parse(inspect.getsource(sys.modules[__name__])))
        ours = (node for node in imports if isinstance(node, ast.ImportFrom) and node.module.startswith("mmexp."))
        return {alias.name: node.module for node in ours for alias in node.names}

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used (PEP 562)."""
        if name == "__all__":
            return sorted(_modules())
        module = None if name.startswith("_") else _modules().get(name)
        if module is None:
            raise AttributeError(f"module 'mmexp' has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(module), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_modules()})
