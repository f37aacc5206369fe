"""What the metrics of texts count."""

from __future__ import annotations

from torchmetrics import MetricCollection


def counted(metrics: MetricCollection) -> dict[str, str]:
    """Return ``tokenize`` of each metric that counts tokens, by name, see ``transform.tokenization``."""
    return {name: str(one.tokenize) for name, one in metrics.items(keep_base=True) if hasattr(one, "tokenize")}
