"""The world as a graph: who is where, seen from whom, and what each is made of."""

from __future__ import annotations

from mmexp.dataset.synthetic.scenes.captions import name
from mmexp.dataset.synthetic.scenes.scene import Scene, relation

RELATIONS = ("above", "below", "left of", "made of", "right of")
"""Every relation there is; only ``made of`` comes from the audio."""

Triple = tuple[str, str, str]


def render(scene: Scene) -> list[Triple]:
    """Describe a scene as triples (head, relation, tail), each once.

    ``("large green ring", "left of", "small white cone")`` for each pair of objects, both ways, and
    ``("large green ring", "made of", "metal")`` for each object.
    """
    things = scene.things
    places = [(name(one), relation(one, other), name(other)) for one in things for other in things if one is not other]
    return list(dict.fromkeys([*places, *((name(thing), "made of", thing.material) for thing in things)]))
