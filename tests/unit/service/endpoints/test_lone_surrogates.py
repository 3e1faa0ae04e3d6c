"""Half a character wherever text comes from a caller: never a 500."""

import pytest
from flask.testing import FlaskClient

HALF = r"\ud800"
BODY = {"application/yaml": f'model: "{HALF}"', "application/json": f'{{"model": "{HALF}"}}'}
PATHS = (
    "/v1/models/%ED%A0%80", "/v1/models/%ED%A0%80:predict", "/v1/jobs/%ED%A0%80", "/v1/jobs?model=%ED%A0%80",
    "/v1/jobs?status=%ED%A0%80", "/v1/jobs?cursor=%ED%A0%80", "/v1/models/classic/labels/%ED%A0%80", "/%ED%A0%80",
    "/v1/datasets?name=%ED%A0%80.csv", "/v2/models/%ED%A0%80/ready",
)  # fmt: skip
HEADERS = ("X-Request-Id", "Idempotency-Key", "Last-Event-ID", "Origin", "Content-Type", "Accept", "Authorization")


@pytest.mark.parametrize("content_type", [*BODY, None])
def test_a_spec_with_half_a_character_is_refused(client: FlaskClient, content_type: str | None) -> None:
    """As YAML, as JSON, and where that is not said; it is named."""
    body = BODY.get(content_type or "", BODY["application/yaml"])
    answer = client.post("/v1/jobs", data=body, content_type=content_type)
    assert answer.status_code == 400
    assert "surrogate" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_half_a_character_in_a_path_or_query_is_no_fault_of_ours(client: FlaskClient, method: str, path: str) -> None:
    """Whatever it names is not there, or not a name."""
    assert client.open(path, method=method, data=b"{}", content_type="application/json").status_code != 500


@pytest.mark.parametrize("header", HEADERS)
def test_half_a_character_in_a_header_is_no_fault_of_ours(client: FlaskClient, header: str) -> None:
    """Bytes that are no UTF-8 come as Latin-1."""
    value = b"\xed\xa0\x80".decode("latin-1")
    for path in ("/v1/models", "/v1/jobs", "/v1/models/classic:predict"):
        body = b'{"instances": []}'
        answer = client.post(path, data=body, headers={"Content-Type": "application/json", header: value})
        assert answer.status_code != 500
