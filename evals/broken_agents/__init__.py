"""Agents with one planted fault each: the suites must catch every one of them, or they prove nothing."""
