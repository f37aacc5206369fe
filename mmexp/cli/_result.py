"""What a finished run shows: metrics, cost, verdict, some predictions with their targets, and what to run next."""

from __future__ import annotations

import json
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mmexp.analysis.permuted import permuted_weights
from mmexp.analysis.verdict import Verdict
from mmexp.cli._text import count, duration, number, printable
from mmexp.cli._verdict import verdict_of
from mmexp.run import advice, summary
from mmexp.run.command import line
from mmexp.run.folder import RunFolder
from mmexp.transform.tokenization import COUNTED

EXAMPLES = 4
FEW = 6  # items of a list


def show_result(folder: RunFolder, console: Console) -> Verdict | None:
    """Print the panel of a run that is done, below it what to type next, and return its verdict."""
    known, verdict = summary.read(folder), verdict_of(folder)
    size, seconds = known["parameters"], known["seconds"]
    cost = f"{count(size['total'])} weights, {count(size['trained'])} trained; trained in {duration(seconds['train'])}"
    weights = _weights(known.get("weights", known.get("shares", {})))
    judgement = [Text(), Text(f"The fusion: {verdict.text}.")] if verdict else []
    judgement += _permuted(folder)
    scored = _scored(known.get("tokenize", {}))
    top: list[RenderableType] = [_metrics(known["metrics"]), *scored, Text(cost), *weights, *judgement]
    top += _availability(known.get("availability", {}), known["monitor"].partition("/")[2])
    top += [Text(_origin(name, one)) for name, one in known.get("origins", {}).items()]
    top += _privacy(known.get("privacy"))
    parts = [*top, *_examples(folder)]
    title = Text(f"{folder.name} is done, best by {known['monitor']}")
    console.print(Panel(Group(*parts), title=title, title_align="left", padding=(1, 2)))
    console.print(_next(folder), soft_wrap=True)
    if verdict and verdict.hint:
        console.print(Text(verdict.hint), soft_wrap=True)
    return verdict


def _origin(name: str, known: dict[str, Any]) -> str:
    """Say where the weights of an encoder come from."""
    revision = f" at {known['revision'][:12]}" if known["revision"] else ""
    return f"{name.partition('.')[2]}: pretrained, {known['model']}{revision}, sha256 {known['sha256'][:12]}"


def _privacy(known: dict[str, Any] | None) -> list[Text]:
    """Say what the training samples are kept private to, if they are."""
    if known is None:
        return []
    if known["epsilon"] is None:
        return [Text(f"not private: gradients of samples were clipped at {known['max_grad_norm']:g}, without noise")]
    spent = f"private: epsilon {known['epsilon']:.3g} at delta {known['delta']:.3g}"
    noise = f"noise multiplier {known['noise_multiplier']:.3g}, {known['steps']} Poisson samples"
    return [Text(f"{spent}, {noise} of rate {known['sample_rate']:.3g}, accountant {known['accountant']}")]


def _metrics(metrics: dict[str, float | None]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("metric")
    for split in ("val", "test"):
        table.add_column(split, justify="right")
    for name in dict.fromkeys(key.partition("/")[2] for key in metrics):
        table.add_row(name, *(number(metrics.get(f"{split}/{name}")) for split in ("val", "test")))
    return table


def _scored(tokenize: dict[str, str]) -> list[Text]:
    """Say what the metrics of texts count."""
    ways = dict.fromkeys(tokenize.values())
    return [Text(f"texts are scored in {COUNTED[way]} (tokenize={way})") for way in ways]


def _availability(availability: dict[str, Any], metric: str) -> list[Text]:
    """The monitored metric by which inputs the samples of a split have."""
    return [
        Text(printable(f"{split} {metric} by inputs: " + ", ".join(_pattern(name, own[name], metric) for name in own)))
        for split, own in availability.items()
    ]


def _pattern(inputs: str, found: dict[str, Any], metric: str) -> str:
    return f"{inputs} {number(found['metrics'].get(metric))} ({found['samples']} samples)"


def _weights(weights: dict[str, float]) -> list[Text]:
    """The weights that the fusion has learnt, largest first."""
    heaviest = sorted(weights.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{name} {share:.2f}" for name, share in heaviest)
    return [Text(printable(f"fusion weights: {listed}"))] if weights else []


def _permuted(folder: RunFolder) -> list[Text]:
    """What the fusion is without its own weights, if it weighs each sample."""
    own = summary.row(folder)
    found = permuted_weights([own], f"test/{own.monitor.partition('/')[2]}", own.mode)
    return [Text(printable(f"Its {found}."))] if found else []


def _examples(folder: RunFolder) -> list[Text]:
    """The first predictions on the test split, each with its target."""
    path = folder.predictions("test")
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line, _ in zip(file, range(EXAMPLES), strict=False)]
    return [Text(), *(_example(row) for row in rows), Text()]


def _example(row: dict[str, Any]) -> Text:
    prediction = next((str(row[key]) for key in ("caption", "label", "answer", "prediction") if key in row), "")
    target = next((row[key] for key in ("references", "target") if key in row), "")
    target = target[0] if isinstance(target, list) and target else target
    if not prediction:
        shown = ", ".join(f"{key} {_short(value)}" for key, value in row.items() if key != "id")
        return Text(printable(f"{row['id']}: {shown}"))
    return Text(printable(f"{prediction}\n  should be: {target}"))


def _short(value: Any) -> str:
    """Format a value of a prediction, lists by their first items."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value[:FEW])) + (", ..." if len(value) > FEW else "") + "]"
    return number(value) if isinstance(value, float) else str(value)


def _next(folder: RunFolder) -> Text:
    lines = [f"run      {folder.path}", f"next     {line('compare', str(folder.path.parent))}"]
    lines += [f"         {advice.on_runs('test', [folder], '--json')}"]
    lines += [f"         {advice.predict(folder)}"]
    return Text("\n".join(lines))
