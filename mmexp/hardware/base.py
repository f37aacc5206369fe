"""Where and in which numbers a run computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mmexp.error import ConfigError

if TYPE_CHECKING:
    import torch

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """What the trainer and the loaders need to know of the machine.

    Args:
        accelerator: ``cpu`` or ``gpu``.
        devices: Processes, one per device; more than one train as one run with DistributedDataParallel.
        precision: Lightning's name of the number format.
        num_workers: Loader processes of each process.
        timeout: Longest wait for another process, in seconds.
    """

    accelerator: Literal["cpu", "gpu"] = "cpu"
    devices: int = 1
    precision: Precision = "32-true"
    num_workers: int = 0
    timeout: float = 600.0

    def __post_init__(self) -> None:
        if self.accelerator not in ("cpu", "gpu"):
            raise ValueError(f"Hardware: accelerator must be cpu or gpu, got {self.accelerator!r}.")
        if self.devices < 1:
            raise ValueError(f"Hardware: devices must be at least 1, got {self.devices}.")
        if self.num_workers < 0:
            raise ValueError(f"Hardware: num_workers must be at least 0, got {self.num_workers}.")

    def autocast(self) -> torch.autocast:
        """Return the context in which a forward pass computes in this precision."""
        import torch

        dtype = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(self.precision)
        device = "cuda" if self.accelerator == "gpu" else "cpu"
        return torch.autocast(device, dtype=dtype, enabled=dtype is not None)

    def describe(self) -> dict[str, Any]:
        """Return what a run computed on, for its summary: what may change the last bits of its numbers."""
        import torch

        gpu = self.accelerator == "gpu"
        device = torch.cuda.get_device_name() if gpu else ""
        numbers = {"accelerator": self.accelerator, "devices": self.devices, "precision": self.precision}
        return {**numbers, **({"device": device} if gpu else {"threads": torch.get_num_threads()})}

    def refuse_missing(self) -> None:
        """Make sure that the machine has the devices.

        Raises:
            ConfigError: If it has fewer GPUs.
        """
        import torch

        if self.accelerator == "gpu" and (there := torch.cuda.device_count()) < self.devices:
            rule = f"hardware.devices must be at most {there} with hardware.accelerator=gpu on this machine"
            raise ConfigError(f"{rule}, got {self.devices}.", "Set hardware=cpu or hardware.accelerator=cpu.")
