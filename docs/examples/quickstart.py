"""Train some fusions, compare them, predict, and use a fusion in a loop of one's own.

Open it as a notebook (each ``# %%`` begins a cell), or run ``python docs/examples/quickstart.py``: about 10 s on two
cores. It trains on a built-in world of drawn and struck objects and writes to ``outputs/`` in the current folder.
"""

# %%
import torch
from torch import nn

import mmexp
from mmexp.fusion.product import ProductFusion
from mmexp.pool.mean import MeanPool

# %% Train three ways of fusing an image with a caption: each call is one ``mmexp train``.
small = ["inputs=[image,text]", "dim=32", "dataset.sizes=[128,32,32]", "dataset.image_size=32", "training.epochs=2"]
runs = [mmexp.train(f"fusion={name}", *small, quiet=True) for name in ("sum", "gated", "attention")]
for run in runs:
    print(f"{run.folder.name}: test accuracy {run.metrics['test/accuracy']:.2f}")

# %% Compare them. One seed of a few seconds proves nothing, and the verdict says so.
groups = mmexp.compare(*runs)
for group in groups:
    score = group["metrics"]["test/accuracy"]["mean"]
    print(f"{group['config']['fusion']:<10} {score:.2f}  {group['verdict']['text']}")

# %% Evaluate the best one on scenes that no run has seen, and predict for a new sample.
best = mmexp.load_run(groups[0]["runs"][0])
metrics = mmexp.evaluate(best, "dataset.seed=1")
print(f"other scenes: test accuracy {metrics['test/accuracy']:.2f}")

rows = mmexp.predict(best, {"text": "a large red metal cube"}, {"id": "ball", "text": "a small wooden ball"})
for row in rows:
    print(row["id"], row["label"], f"{row['score']:.2f}")

# %% Use a fusion in a loop of one's own, with features from anywhere: here the product of two numbers is to be found.
torch.manual_seed(0)
left, right = nn.Linear(1, 32), nn.Linear(1, 32)
fusion = ProductFusion(dim=32, modalities=["left", "right"], pool=MeanPool())
model = nn.ModuleList([left, right, fusion, head := nn.Linear(32, 1)])
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

losses = []
for _ in range(300):
    x, y = torch.randn(64, 1), torch.randn(64, 1)
    fused = mmexp.fuse(fusion, {"left": left(x), "right": right(y)})
    loss = nn.functional.mse_loss(head(fused), x * y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"squared error of the product: {losses[0]:.2f} at first, {losses[-1]:.4f} at the end")
