"""Shell scripts that are copied as they are; every value they use comes from settings.env."""
