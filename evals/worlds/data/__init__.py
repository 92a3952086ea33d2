"""Small real data for the worlds; licences in LICENSES.md."""
