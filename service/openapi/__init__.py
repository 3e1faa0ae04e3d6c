"""The HTTP interface as an OpenAPI document."""
