"""Sizes: what Kubernetes accepts is parsed exactly, what people say becomes it, the rest is refused in a sentence."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.deployment import quantities
from opsmith.tools.contract import ToolError


@pytest.mark.parametrize(
    ("text", "number"),
    [("500m", "0.5"), ("1", "1"), ("1.5", "1.5"), ("512Mi", str(512 * 2**20)), ("2G", "2e9"), ("1e3", "1000"),
     ("100k", "1e5"), (".5", "0.5"), (2, "2"), ("1E", "1e18")],
)  # fmt: skip
def test_kubernetes_quantities_are_read_exactly(text: object, number: str) -> None:
    assert quantities.parse_quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["10XB", "", "Mi", "1 Gi", "512MB", "1gi", "--1", "1e", None, True, [], "1Gi\n"])
def test_what_kubernetes_would_refuse_is_no_quantity(text: object) -> None:
    assert quantities.parse_quantity(text) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [("1 GiB", "1Gi"), ("1gb", "1Gi"), ("512MB", "512Mi"), ("300 megabytes", "300Mi"), ("2G", "2G"), ("0.5Gi", "512Mi"),
     ("1,5 GB", "1536Mi"), ("64mi", "64Mi"), ("512m", "512Mi")],
)  # fmt: skip
def test_memory_is_read_as_people_say_it(said: str, text: str) -> None:
    assert quantities.memory(said).text == text


@pytest.mark.parametrize("said", ["10XB", "lots", "1", "4k", "100Ti", "512Mi; rm -rf /", "1Gi\nfoo: bar", ""])
def test_other_memory_is_refused_in_one_sentence(said: str) -> None:
    with pytest.raises(ToolError, match="Mi"):
        quantities.memory(said)


@pytest.mark.parametrize(
    ("said", "text"), [("0.5", "500m"), (1, "1"), ("2 cores", "2"), ("250m", "250m"), ("1.25", "1250m")]
)
def test_cpu_is_read_as_people_say_it(said: object, text: str) -> None:
    assert quantities.cpu(said).text == text


@pytest.mark.parametrize("said", ["0", "-1", "half", "500Mi", "1000", "$(nproc)"])
def test_other_cpu_is_refused(said: str) -> None:
    with pytest.raises(ToolError):
        quantities.cpu(said)


@given(st.text(max_size=20))
def test_any_text_is_a_quantity_or_a_sentence(text: str) -> None:
    for read in (quantities.memory, quantities.cpu):
        try:
            found = read(text)
        except ToolError:
            continue
        assert quantities.parse_quantity(found.text) == found.number
        assert found.text.isalnum()
