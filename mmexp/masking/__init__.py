"""Masked modelling: what is masked of one kind of input, and how it is predicted; one file per kind.

The option ``x`` of the config group ``masking`` is taken by every input of kind ``x`` whose encoder declares a
transform that it reads; nothing here is edited for another one.
"""
