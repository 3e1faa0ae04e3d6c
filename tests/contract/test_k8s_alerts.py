"""Every alert has series that wake it; which routes are predictions is the application's word."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.settings import Settings
from tests.contract.manifests.cluster import K8S

FILE = K8S / "components" / "monitoring" / "alerts.yaml"
GROUPS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["spec"]["groups"]
ALERTS: dict[str, str] = {rule["alert"]: rule["expr"] for group in GROUPS for rule in group["rules"]}
RUNBOOKS: dict[str, str] = {
    rule["alert"]: rule["annotations"]["runbook_url"]
    for group in GROUPS
    for rule in group["rules"]
    if "runbook_url" in rule["annotations"]
}
DOCS = Path(__file__).parents[2]
PLAYED: dict[str, Any] = {
    one["name"]: one
    for one in yaml.safe_load((Path(__file__).parent / "alerts" / "alerts_test.yaml").read_text("utf-8"))["tests"]
}
ROUTES = re.compile(r'route=~"([^"]+)"')


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_played_asleep_and_awake(alert: str) -> None:
    """`make k8s-check` runs promtool on them."""
    looks = PLAYED[alert]["promql_expr_test"]
    awake = [look["exp_samples"] for look in looks if look["exp_samples"]]
    assert awake
    assert len(awake) < len(looks)
    assert all(f'alertname="{alert}"' in sample["labels"] for samples in awake for sample in samples)


def test_no_series_are_played_to_an_alert_that_is_gone() -> None:
    """Names of tests are names of alerts."""
    assert set(PLAYED) - set(ALERTS) == {"nothing fires"}


@pytest.mark.parametrize("alert", RUNBOOKS)
def test_a_runbook_is_a_heading_of_the_documents(alert: str) -> None:
    """The one that names the alert."""
    path, _, anchor = RUNBOOKS[alert].partition("#")
    headings = [line.lstrip("# ") for line in (DOCS / path).read_text("utf-8").splitlines() if line.startswith("##")]
    (heading,) = [one for one in headings if re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") == anchor]
    assert alert in heading


@pytest.mark.parametrize("alert", ["OnehotPredictionsFail", "OnehotPredictionsFailRarely"])
def test_the_share_of_failures_is_that_of_predictions(alert: str, tmp_path: Path) -> None:
    """Every route that predicts, and no other one; Prometheus matches whole values."""
    app = pytest.importorskip("service.app").create_app(Settings(store=str(tmp_path)))
    (pattern,) = set(ROUTES.findall(ALERTS[alert]))
    chosen = {rule.rule for rule in app.url_map.iter_rules() if re.fullmatch(pattern, rule.rule)}
    ends = {re.split(r"[>:/]", route)[-1] for route in chosen}
    assert ends == {"predict", "classify", "regress", "infer"}
    assert all("POST" in rule.methods for rule in app.url_map.iter_rules() if rule.rule in chosen)
