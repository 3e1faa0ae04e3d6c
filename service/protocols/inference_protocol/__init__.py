"""The Open Inference Protocol V2 as a pure codec; its choices are written down in `docs/inference-protocol.md`."""

from service.protocols.inference_protocol.documents import (
    EXTENSIONS,
    IndexEntry,
    decode_index_request,
    live_document,
    model_metadata,
    model_ready_document,
    ready_document,
    repository_index,
    server_metadata,
)
from service.protocols.inference_protocol.requests import OutputWish, V2Request, decode_request
from service.protocols.inference_protocol.responses import encode_response
from service.protocols.inference_protocol.tensors import HEADER_LENGTH, parse_header_length

__all__ = [
    "EXTENSIONS",
    "HEADER_LENGTH",
    "IndexEntry",
    "OutputWish",
    "V2Request",
    "decode_index_request",
    "decode_request",
    "encode_response",
    "live_document",
    "model_metadata",
    "model_ready_document",
    "parse_header_length",
    "ready_document",
    "repository_index",
    "server_metadata",
]
