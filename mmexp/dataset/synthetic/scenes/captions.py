"""Captions: five of each scene, in other words each time."""

from __future__ import annotations

from mmexp.dataset.synthetic.scenes.scene import Scene, Thing, region, relation

NAMED = 3
"""Objects a caption names at most, the largest first."""


def render(scene: Scene) -> list[str]:
    """Describe a scene five times; all captions hold the same facts."""
    first, *others = (name(thing) for thing in scene.things[:NAMED])
    place = region(scene.main)
    if not others:
        return [
            f"a {first} in the {place} corner",
            f"a {first} alone at the {place}",
            f"the {place} corner holds one {first}",
            f"one single {first} lies at the {place}",
            f"at the {place} lies a {first} alone",
        ]
    second, *rest = others
    there, back = relation(scene.main, scene.things[1]), relation(scene.things[1], scene.main)
    third = f" and a {rest[0]}" if rest else ""
    return [
        f"a {first} {there} a {second}{third}",
        f"a {second} {back} a {first}{third}",
        f"the {first} lies {there} the {second}{third}",
        f"{there} the {second} lies the {first}{third}",
        f"at the {place} a {first} {there} a {second}{third}",
    ]


def name(thing: Thing) -> str:
    """``large red ball``"""
    return f"{thing.size} {thing.colour} {thing.shape}"
