"""Features: candidates as checked formulas, measured on held-out folds, kept as one fitted set."""
