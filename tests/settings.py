"""The real settings in test mode, with everything they require. Also what mypy's Django plugin reads."""

import os

os.environ.setdefault("TRUSTDESK_MODE", "test")
os.environ.setdefault("SECRET_KEY", "tests-only-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ")
# Nobody listens there: tests/conftest.py starts a server and fills in where.
os.environ.setdefault("DATABASE_URL", "postgresql://trustdesk_app@127.0.0.1:1/trustdesk_test")

from trustdesk.config.settings import *  # noqa: F403
