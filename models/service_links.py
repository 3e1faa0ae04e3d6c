"""Kubernetes' service links: the variables that it adds to every container for each Service of the namespace.

For a Service `onehot-queue` they are called `ONEHOT_QUEUE_SERVICE_HOST`, `ONEHOT_QUEUE_PORT` and so on: names that look
like settings and are none.
"""

import re

__all__ = ["is_service_link"]

ADDRESS = r"[0-9a-fA-F:.]+"
NUMBER = r"[0-9]{1,5}"
ONE_PORT = rf"PORT_{NUMBER}_(TCP|UDP|SCTP)"
FORMS = {
    rf".+_(SERVICE_HOST|{ONE_PORT}_ADDR)": ADDRESS,
    rf".+_(SERVICE_PORT(_[A-Z0-9_]+)?|{ONE_PORT}_PORT)": NUMBER,
    rf".+_{ONE_PORT}_PROTO": r"tcp|udp|sctp",
    rf".+_(PORT|{ONE_PORT})": rf"(tcp|udp|sctp)://\[?{ADDRESS}\]?:{NUMBER}",
}
"""Pattern of a name → pattern of its value."""


def is_service_link(name: str, value: str) -> bool:
    """Whether an environment variable is one of them, by its name and by its value."""
    return any(re.fullmatch(names, name) and re.fullmatch(values, value) for names, values in FORMS.items())
