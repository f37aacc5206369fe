"""A little world drawn from a seed: one state serves every task, with the truth known.

``scene.sample`` gives a Scene, the whole truth of one sample. Each further file shows one side of it by a function
``render(scene, ...)``: ``draw`` the image, ``sound`` the soundtrack, ``captions``, ``questions`` and ``dialogue`` the
language, ``labels`` the facts to classify, ``boxes`` and ``mask`` where objects are, ``tags`` a sentence word by word,
``transcript`` the soundtrack in words, ``score`` a number, ``table`` columns, ``video`` frames over time, ``graph``
triples, ``taste`` what someone buys in a shop. Each takes its randomness from ``scene.generator(<its own name>)``,
so a new file changes nothing that the others give.

Which fact is in which modality:

========== ===== =====
fact       image audio
========== ===== =====
shape      yes   no
size       yes   only which is the largest: it sounds first
position   yes   no
colour     yes   yes, as pitch
material   no    yes, as timbre
count      yes   yes
motion     only in the video
========== ===== =====
"""
