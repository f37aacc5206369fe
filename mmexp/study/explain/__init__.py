"""What in the inputs of a sample makes a model answer as it does.

``kind/`` has a file for each way to divide an input into parts and to draw what they count, ``method/`` one for each
method that attributes the score of the answer to the parts. Both are found by their files.
"""
