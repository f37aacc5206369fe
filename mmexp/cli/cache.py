"""``mmexp cache``: the features of frozen encoders that are kept on disk."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.cache.store import Store

HELP = "List or clear the features of frozen encoders that are kept on disk."
USAGE = """
mmexp cache [list | clear] [STORE ...]

  list              all stores, the one used last first; the default
  clear             remove the stores that are named, by the beginning of their name, or all of them
"""


def run(argv: list[str]) -> int:
    """Print the stores, or what was removed; see ``USAGE``."""
    from mmexp.cache import store
    from mmexp.cli._arguments import Arguments
    from mmexp.error import ConfigError

    arguments = Arguments("cache")
    arguments.add_argument("what", nargs="?", choices=["list", "clear"], default="list")
    arguments.add_argument("stores", nargs="*")
    given = arguments.read(argv)
    found = store.stores()
    for name in given.stores:
        if not any(one.path.name.startswith(name) for one in found):
            raise ConfigError(f"cache: store must be one in {store.root()}, got '{name}'.", "Run: mmexp cache list")
    chosen = [one for one in found if not given.stores or one.path.name.startswith(tuple(given.stores))]
    if given.what == "clear":
        size = sum(one.size for one in chosen)
        for one in chosen:
            store.remove(one)
        print(f"{len(chosen)} stores removed, {size / store.GIB:.2f} GiB")
        return 0
    _print(chosen)
    return 0


def _print(stores: list[Store]) -> None:
    from mmexp.cache import store
    from mmexp.cli._table import print_table

    if not stores:
        print(f"No features in {store.root()} yet.")
        return
    rows = [
        [
            one.path.name[:12],
            one.about["modality"],
            one.about["model"],
            one.about["values"],
            f"{one.size / store.GIB:.2f}",
            f"{datetime.fromtimestamp(one.used):%Y-%m-%d %H:%M}",
        ]
        for one in stores
    ]
    print_table(["store!", "modality", "model", "values>", "GiB>", "last used"], rows, optional=["last used"])
    print(f"{sum(one.size for one in stores) / store.GIB:.2f} GiB in {store.root()}")
