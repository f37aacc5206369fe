"""Questions about two or three modalities whose best answer is known, which show what a fusion can represent.

``rule`` says what the modalities show and what the answer is, ``form`` shows it as vectors, sequences, or as images,
tones and words.

========= ================================================================ =================================
question  each modality shows one of four symbols, or is blank             to answer it, a fusion must
========= ================================================================ =================================
redundant both show the answer, each is blank now and then                 take what is there
unique    the left shows the answer, the right something else              take one, leave the other
noisy     as unique, but the right is loud and hints at the answer         leave it, unless the left is blank
xor       the answer is left xor right: neither alone says anything        multiply
xor3      the answer is left xor right xor third                           multiply three
order     four symbols each; the answer is the place where they agree      compare place by place
missing   both show the answer; in the test every other sample lacks one   do with either
========= ================================================================ =================================
"""
