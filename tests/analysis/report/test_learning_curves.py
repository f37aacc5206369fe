from __future__ import annotations

from xml.etree import ElementTree

from mmexp.analysis.report.learning_curves import learning_curves


def test_training_and_validation_share_a_panel_and_the_loss_comes_first():
    points = [(1.0, 0.5), (2.0, 0.25)]
    drawn = learning_curves({"val/f1": points, "train/loss": points, "val/loss": points[:1], "train/lr": points})
    root = ElementTree.fromstring(drawn)
    panels = root.findall("{*}g")
    assert [[one.text for one in panel.findall("{*}text[@class='name']")] for panel in panels] == [
        ["epoch", "loss"],
        ["epoch", "f1"],
    ]
    assert {one.get("class") for one in panels[0].findall("{*}polyline")} == {"line train", "line val"}


def test_a_name_is_text_and_no_more_than_six_metrics_are_drawn():
    points = [(1.0, 0.5), (2.0, 0.25)]
    root = ElementTree.fromstring(learning_curves({f"val/<script>{i}": points for i in range(9)}))
    assert len(root.findall("{*}g")) == 6 and not root.findall(".//{*}script")


def test_single_points_are_no_curve():
    assert learning_curves({"val/loss": [(1.0, 0.5)]}) == "" and learning_curves({}) == ""
