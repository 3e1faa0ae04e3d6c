# Images of Onehot: `service` (no training framework), `trainer` (CPU), `trainer-gpu` (NVIDIA).
#
#   docker build --target service --tag onehot-service:0.2.0 .
#
# Another base (a company's mirror, a digest): --build-arg PYTHON_IMAGE=registry.example.com/python:3.11-slim@sha256:…
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# The version that wrote uv.lock; scripts/setup.sh names the same.
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/opt/onehot
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/uv && /opt/uv/bin/pip install --disable-pip-version-check "uv==${UV_VERSION}"
WORKDIR /src

# The dependencies alone: this layer changes with uv.lock, never with the code. COPY and not a bind mount: buildah's cache
# does not look at what is mounted, and would go on with the packages of an older lock.
FROM build AS service-dependencies
COPY pyproject.toml uv.lock /src/
COPY client/pyproject.toml /src/client/
RUN --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv sync --locked --no-dev --no-install-workspace --extra service --extra opentelemetry

FROM build AS trainer-dependencies
COPY pyproject.toml uv.lock /src/
COPY client/pyproject.toml /src/client/
RUN --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv sync --locked --no-dev --no-install-workspace --extra trainer

FROM build AS trainer-gpu-dependencies
# trainer-gpu-jax has jax with CUDA beside tensorflow.
ARG GPU_EXTRA=trainer-gpu
COPY pyproject.toml uv.lock /src/
COPY client/pyproject.toml /src/client/
RUN --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv sync --locked --no-dev --no-install-workspace --extra ${GPU_EXTRA}

# The project and its client as wheels, so that the images hold no sources, no build tools and no editable install.
FROM build AS wheel
COPY pyproject.toml uv.lock README.md LICENSE NOTICE /src/
COPY client /src/client
COPY models /src/models
COPY service /src/service
COPY trainer /src/trainer
COPY onehot /src/onehot
RUN --mount=type=cache,target=/root/.cache/uv /opt/uv/bin/uv build --all-packages --wheel --out-dir /wheel

# Installed beside the dependencies, as a layer of its own: a change of code moves some hundred kilobytes, not gigabytes.
FROM service-dependencies AS service-project
COPY --from=wheel /wheel /wheel
RUN /opt/uv/bin/uv pip install --no-cache --no-deps --python /opt/onehot/bin/python --target /opt/project /wheel/*.whl

FROM trainer-dependencies AS trainer-project
COPY --from=wheel /wheel /wheel
RUN /opt/uv/bin/uv pip install --no-cache --no-deps --python /opt/onehot/bin/python --target /opt/project /wheel/*.whl

FROM trainer-gpu-dependencies AS trainer-gpu-project
COPY --from=wheel /wheel /wheel
RUN /opt/uv/bin/uv pip install --no-cache --no-deps --python /opt/onehot/bin/python --target /opt/project /wheel/*.whl

FROM ${PYTHON_IMAGE} AS runtime
# A number and not only a name: Kubernetes' runAsNonRoot can check a number alone.
RUN groupadd --gid 10001 onehot \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin onehot \
    && install --directory --owner 10001 --group 10001 /mnt/models /srv/onehot
# HOME: Keras and others write under it, and /tmp is the one folder that a read-only root leaves writable.
ENV HOME=/tmp \
    PATH=/opt/project/bin:/opt/onehot/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/project \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ONEHOT_STORE=/mnt/models
WORKDIR /srv/onehot
STOPSIGNAL SIGTERM

FROM runtime AS service
COPY --from=service-dependencies /opt/onehot /opt/onehot
COPY --from=service-project /opt/project /opt/project
# Every interface of the container: the service refuses that without keys, so an image started bare says what it needs.
ENV ONEHOT_BIND=0.0.0.0:8501
USER 10001:10001
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]
CMD ["python", "-m", "service"]
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onehot-service" \
      org.opencontainers.image.description="Serves trained Keras classifiers over HTTP with ONNX Runtime." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# A worker has no port to ask. One that stops working ends, and its supervisor starts it again.
FROM runtime AS trainer
COPY --from=trainer-dependencies /opt/onehot /opt/onehot
COPY --from=trainer-project /opt/project /opt/project
USER 10001:10001
HEALTHCHECK NONE
CMD ["python", "-m", "trainer.worker", "--queue", "train"]
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onehot-trainer" \
      org.opencontainers.image.description="Trains Keras classifiers from the queue on CPU." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM runtime AS trainer-gpu
COPY --from=trainer-gpu-dependencies /opt/onehot /opt/onehot
COPY --from=trainer-gpu-project /opt/project /opt/project
# What NVIDIA's container runtime mounts: the driver's compute libraries and nvidia-smi. Which devices is the device
# plugin's business: NVIDIA_VISIBLE_DEVICES=all in an image would show every GPU of the node to a pod that asked for none.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001:10001
HEALTHCHECK NONE
CMD ["python", "-m", "trainer.worker", "--queue", "train-gpu"]
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onehot-trainer-gpu" \
      org.opencontainers.image.description="Trains Keras classifiers from the queue on NVIDIA GPUs." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
