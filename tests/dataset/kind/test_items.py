from __future__ import annotations

from mmexp.dataset.kind.items import ItemsKind
from mmexp.dataset.scenes import Scenes


def test_the_next_item_is_one_of_all_that_occur() -> None:
    kind = ItemsKind()
    assert (kind.encoder, kind.candidates["item"], kind.companions["item"]) == ("symbols", "items", ("items",))
    assert kind.read_target(7) == "7"


def test_items_are_kept_in_a_catalogue() -> None:
    world = Scenes(sizes=[4, 1, 1], image_size=32, cache=None)
    rows = list(ItemsKind().tables("item", world.values("item"), world.describe)["catalogue"])
    assert [row["item"] for row in rows] == world.describe()["classes"]["item"]
    assert sum(row["count"] for row in rows) == 4
