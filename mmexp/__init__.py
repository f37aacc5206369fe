"""mmexp: which way of fusing modalities works, for which task, on my data, at what cost?

One formula carries the package: ``z = p(h(f(x), g(y)))`` with encoders ``f, g``, a fusion ``h`` and a task ``p``.
"""

__version__ = "0.1.0"
