"""Predict a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Padded, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.loss.mean import mean
from mmexp.metric.regression import RegressionScores
from mmexp.plot.scatter import scatter
from mmexp.pool.base import Pool
from mmexp.task.base import Explained, Task
from mmexp.transform.number import NumberTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OBJECTIVES: dict[str, Callable[..., Tensor]] = {"l1": F.l1_loss, "mse": F.mse_loss, "huber": F.huber_loss}


class Regression(Task):
    """Pool the fused tokens, then predict a number: ``prediction = mean + std * head(pool(fusion(tokens)))``.

    The head learns the standardised target, so that the objective does not depend on units. Metrics: ``mae`` and
    ``pearson``, and with a scale ``acc2``, ``acc2_nonzero``, ``acc5`` and ``acc7``, see ``RegressionScores``.

    Source: Zadeh et al. 2016, "MOSI", https://arxiv.org/abs/1606.06259; huber objective: Huber 1964, "Robust Estimation
    of a Location Parameter", with its threshold at one standard deviation.

    Args:
        pool: How tokens become a vector.
        dim: Width D of the tokens.
        target: Name of the target.
        mean: Of the target over the training split.
        std: Likewise, its standard deviation.
        objective: Mean absolute (``l1``), squared (``mse``) or Huber error of the standardised target.
        scale: Strongest sentiment, if the target is one: 3 for scores from -3 to 3.
        dropout: Dropout probability of the hidden layer.
        depth: Hidden layers of the head; 0 for a linear one.

    Raises:
        ValueError: If the objective is unknown, or std or scale is not positive.
    """

    monitor = "mae"
    mode = "min"

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        target: str,
        mean: float,
        std: float,
        objective: Literal["l1", "mse", "huber"] = "huber",
        scale: float | None = None,
        dropout: float = 0.1,
        depth: int = 1,
    ) -> None:
        super().__init__()
        if objective not in OBJECTIVES:
            raise ValueError(f"Regression: objective must be l1, mse or huber, got {objective!r}.")
        if not std > 0:
            raise ValueError(f"Regression: std must be positive, got {std}: {target} is the same in all of train.")
        if scale is not None and not scale > 0:
            raise ValueError(f"Regression: scale must be positive, got {scale}.")
        self.target, self.mean, self.std, self.objective, self.scale = target, mean, std, objective, scale
        self.targets = (target,)
        self.pool = pool
        self.head = Head(dim=dim, width=1, depth=depth, dropout=dropout)

    def transforms(self) -> Mapping[str, NumberTransform]:
        return {self.target: NumberTransform(name=self.target)}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        standard = self.head(self.pool(fusion(tokens))).squeeze(1).float()  # [B]
        return {"standard": standard, "preds": self.mean + self.std * standard}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        standard: Tensor = outputs["standard"]
        if self.target not in batch.targets:
            return {self.objective: mean(standard.sum() * 0, 0, len(batch), everywhere=self.training)}
        target: Padded = batch.targets[self.target]
        targets = (target.values[target.mask] - self.mean) / self.std
        total = OBJECTIVES[self.objective](standard[target.mask], targets, reduction="sum")
        return {self.objective: mean(total, len(targets), len(batch), everywhere=self.training)}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"scores": RegressionScores(scale=self.scale)})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if self.target in batch.targets:
            target: Padded = batch.targets[self.target]
            metrics["scores"].update(outputs["preds"][target.mask], target.values[target.mask])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        rows = [{"id": i, "prediction": x} for i, x in zip(batch.ids, outputs["preds"].tolist(), strict=True)]
        if self.target not in batch.targets:
            return rows
        target: Padded = batch.targets[self.target]
        paired = zip(rows, target.values.tolist(), target.mask.tolist(), strict=True)
        return [row | {"target": value if known else None} for row, value, known in paired]

    def explained(self, outputs: Outputs) -> Explained:
        """Explain the number: what speaks for it makes it larger."""
        return Explained(f"{self.target} {float(outputs['preds'][0]):.4g}", lambda found: found["preds"])

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Answers against targets."""
        known = [row for row in rows if row.get("target") is not None]
        if not known:
            return {}
        return {"scatter": scatter([row["target"] for row in known], [row["prediction"] for row in known])}
