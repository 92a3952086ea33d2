"""The prediction service of one model: a plain FastAPI application that needs nothing but what requirements.lock names."""
