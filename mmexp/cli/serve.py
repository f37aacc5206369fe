"""``mmexp serve``: put runs behind an address."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path

from mmexp.error import ConfigError

HELP = "Serve trained runs over HTTP, with a page to try them."
USAGE = """
mmexp serve RUN... [name=RUN ...] [key=value ...] [--host ADDRESS] [--port N] [--workers N] [--tokens FILE]
            [--max-batch N] [--queue N] [--share N] [--redact] [--alert-url URL] [--thresholds NAME=N,...]
            [--audit FILE] [--outputs FOLDER]
mmexp serve --new-token ROLE --tokens FILE
mmexp serve --alert-rules FILE [--queue N] [--thresholds NAME=N,...]

  RUN               a run's path, its id, the beginning of it, or 'last'; served under the run's name
  name=RUN          the same under another name
  key=value         of all runs: hardware=cpu, task.beams, task.length_penalty
  --host ADDRESS    default: 127.0.0.1; an address that others reach needs --tokens
  --port N          default: 8000; 0 takes a free one
  --workers N       processes that hold the models; default: 2, or as many as there are processors
  --tokens FILE     who may ask: hashes of tokens and their roles; read anew when it changes
  --max-batch N     requests that are predicted at once; default: 8
  --queue N         requests that wait at once, more are answered 503 with Retry-After; default: 64
  --share N         requests of one client, its token or else its address, that are without an answer at once, more are
                    answered 429 with Retry-After; default: any number
  --redact          take e-mail addresses, phone numbers, names and numbers out of texts, and metadata such as GPS
                    out of images, as mmexp anonymize does: before the model sees them, so answers may be others
  --alert-url URL   post JSON, of the form of Alertmanager's webhooks, when errors, queue, times or drift pass their
                    thresholds and when that is over; without what was in requests; default: nowhere
  --thresholds ...  errors (share of requests), queue (share of it), p95 (s), psi, ks, z, restarts;
                    default: errors=0.01,queue=0.75,p95=1,psi=0.25,ks=0.2,z=1,restarts=3
  --alert-rules FILE  write the same rules for Prometheus
  --audit FILE      a line for each request, without what was in it; default: serve/audit.jsonl in --outputs
  --new-token ROLE  print a new token once and add its hash to the file; ROLE: predict, metrics, admin
  --outputs FOLDER  folder of all runs; default: outputs

GET / is a page, /openapi.json says how programs ask, /metrics is for Prometheus, /health and /ready are for probes.
"""
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,99}", re.ASCII)


def run(argv: list[str]) -> int:
    """Serve until a signal comes; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.machine import cpu_count

    arguments = Arguments("serve")
    arguments.add_argument("words", nargs="*", metavar="RUN")
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000)
    arguments.add_argument("--workers", type=int, default=min(2, cpu_count()))
    arguments.add_argument("--tokens", type=Path)
    arguments.add_argument("--max-batch", type=int)
    arguments.add_argument("--queue", type=int)
    arguments.add_argument("--share", type=int)
    arguments.add_argument("--redact", action="store_true")
    arguments.add_argument("--alert-url")
    arguments.add_argument("--thresholds", default="")
    arguments.add_argument("--alert-rules", type=Path)
    arguments.add_argument("--audit", type=Path)
    arguments.add_argument("--new-token")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    _refuse_absent_packages()
    if given.new_token:
        return _print_token(given)
    for option in ("workers", "max_batch", "queue", "share"):
        if (number := getattr(given, option)) is not None and number < 1:
            raise ConfigError(f"serve: --{option.replace('_', '-')} must be at least 1, got {number}.")
    return _write_rules(given) if given.alert_rules else _serve(given)


def _serve(given: Namespace) -> int:
    from dataclasses import replace

    from mmexp.deploy.serve.alert.rule import read_thresholds
    from mmexp.deploy.serve.alert.webhook import Webhook
    from mmexp.deploy.serve.limits import Limits
    from mmexp.deploy.serve.server import Settings, serve

    asked = {"batch": given.max_batch, "queue": given.queue, "share": given.share}
    limits = replace(Limits(), **{name: number for name, number in asked.items() if number is not None})
    webhook, thresholds = Webhook(given.alert_url) if given.alert_url else None, read_thresholds(given.thresholds)
    overrides = [word for word in given.words if _is_override(word)]
    runs = named_runs([word for word in given.words if word not in overrides], given.outputs)
    settings = Settings(
        runs=runs,
        overrides=overrides,
        host=given.host,
        port=given.port,
        workers=given.workers,
        tokens=given.tokens,
        audit=given.audit or Path(given.outputs) / "serve" / "audit.jsonl",
        limits=limits,
        webhook=webhook,
        thresholds=thresholds,
        redact=given.redact,
    )
    serve(settings, lambda address: print(f"{', '.join(runs)} at {address}", flush=True))
    return 0


def named_runs(words: list[str], outputs: str) -> dict[str, str]:
    """Return the path of each run by the name that it is served under.

    Raises:
        ConfigError: If there is none, a name is no plain one, or two runs have the same.
    """
    from mmexp.run.folder import RunFolder

    found: dict[str, str] = {}
    for word in words:
        name, _, reference = ("", "", word) if Path(word).exists() or "=" not in word else word.partition("=")
        folder = RunFolder.find(reference, outputs)
        name = name or folder.name
        if not _NAME.fullmatch(name):
            rule = "name must be letters, digits and . _ + -"
            raise ConfigError(f"serve: {rule}, got {name!r}.", f"Add a name: model={reference}")
        if name in found:
            rule = "each run must have a name of its own"
            raise ConfigError(f"serve: {rule}, got '{name}' twice.", f"Add a name: {name}-2={reference}")
        found[name] = str(folder.path)
    if not found:
        raise ConfigError("serve: RUN must be given, got none.", "Run: mmexp serve --help")
    return found


def _is_override(word: str) -> bool:
    """Whether a word is meant for the config of the runs: its key lies below a root key."""
    from mmexp.config.schema import ROOT

    key, sign, _ = word.partition("=")
    return bool(sign) and key.replace("/", ".").partition(".")[0] in ROOT


def _write_rules(given: Namespace) -> int:
    from mmexp.deploy.serve.alert.prometheus import alert_rules
    from mmexp.deploy.serve.alert.rule import read_thresholds, rules
    from mmexp.deploy.serve.limits import Limits
    from mmexp.run.atomic import write_atomic

    found = rules(read_thresholds(given.thresholds), given.queue or Limits().queue)
    write_atomic(given.alert_rules, alert_rules(found))
    print(given.alert_rules)
    return 0


def _print_token(given: Namespace) -> int:
    from mmexp.deploy.serve.tokens import add_token

    if given.tokens is None:
        raise ConfigError("serve: --tokens must be given with a new token, got none.")
    print(add_token(given.tokens, given.new_token))
    return 0


def _refuse_absent_packages() -> None:
    """Make sure that what serves is installed.

    Raises:
        ConfigError: If it is not.
    """
    from importlib.util import find_spec

    needed = {"starlette": "starlette", "uvicorn": "uvicorn", "python_multipart": "python-multipart"}
    needed["prometheus_client"] = "prometheus-client"
    if lacking := [package for module, package in needed.items() if find_spec(module) is None]:
        rule = "packages of the extra 'serve' must be installed"
        raise ConfigError(f"serve: {rule}, got no {', '.join(lacking)}.", f"Run: pip install {' '.join(lacking)}")
