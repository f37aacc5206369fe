"""The rules as a file of Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmexp.deploy.serve.alert.rule import Rule

_HEAD = """# Rules of Prometheus for mmexp serve, written by mmexp serve --alert-rules.
# Name this file below rule_files, and the server below scrape_configs.
"""


def alert_rules(rules: Sequence[Rule]) -> str:
    """Return the text of a file of alerting rules, as ``promtool check rules`` takes it."""
    import yaml

    found = {"groups": [{"name": "mmexp", "rules": [_plain(rule) for rule in rules]}]}
    return _HEAD + yaml.safe_dump(found, sort_keys=False, width=160)


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        "alert": rule.name,
        "expr": f"{rule.expression} {'<' if rule.below else '>'} {rule.threshold:g}",
        "for": f"{rule.hold / 60:g}m",
        "labels": {"severity": rule.severity},
        "annotations": {"summary": rule.summary},
    }
