"""Tables with one planted defect each, and clean ones: what a profile has to find, and where it has to be silent.

A defect changes a clean table and names the findings that would be right: any of `ids`, on any of `columns` (none named: the
whole table).
"""

from . import planted_numbers, planted_texts
from .planted_tables import CLEAN, DEFECTS, Defect

__all__ = ["CLEAN", "DEFECTS", "Defect", "planted_numbers", "planted_texts"]
