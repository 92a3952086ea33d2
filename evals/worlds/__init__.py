"""Named worlds that suites start from."""
