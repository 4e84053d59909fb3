"""Read by gunicorn; see flask_app.py. Nothing here is elkmon's: it needs no hook of its own."""

import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = 2
preload_app = True  # the application is imported once, before the workers are forked
