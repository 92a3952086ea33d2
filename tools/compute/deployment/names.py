"""Names that reach a file: one strict grammar each, so that no name can change a file's structure."""

from __future__ import annotations

import re

from opsmith.tools.contract import ToolError

DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1123 label, as Kubernetes takes it
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")  # an image tag
IMAGE = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
    r"(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*"
)
LONGEST = 40  # room for suffixes (-canary, hash) below the limit of 63


def deployment_name(model: str) -> str:
    """The DNS-1123 name of a model's deployment.

    >>> deployment_name("churn_model"), deployment_name("Fraud.GBM")
    ('churn-model', 'fraud-gbm')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:LONGEST].strip("-")
    if not plain:
        raise ToolError(f"{model[:60]!r} has no letter or digit, so it cannot name a deployment.")
    return plain


def image_reference(name: str, said: str | None, otherwise: str) -> str:
    """The image with its tag; a whole reference such as `churn:1.2` stays as it was said.

    >>> image_reference("churn-model", "v9", "v1"), image_reference("churn-model", "churn:1.2", "v1")
    ('churn-model:v9', 'churn:1.2')
    """
    tag = image_tag(said) if said else otherwise
    named = said.rpartition(":")[0].lower() if said else ""
    return f"{named if re.fullmatch(r'[a-z0-9]+(?:[._/-]+[a-z0-9]+)*', named) else name}:{tag}"


def image_tag(said: str) -> str:
    """The tag itself when an image may have it; ToolError otherwise."""
    said = said.rpartition(":")[2]  # `churn:1.2`: the image is named after the model, the tag is 1.2
    if not TAG.fullmatch(said):
        raise ToolError(
            f"{said[:60]!r} cannot be an image's tag: letters, digits, dot, dash and underscore, at most 128."
        )
    return said
