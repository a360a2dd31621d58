"""What the steps of `proved` call."""

from __future__ import annotations

import random
import time
from pathlib import Path


def jitter() -> float:
    return random.Random().random()


def now() -> float:
    return time.time() % 1000  # of all seconds since 1970, one is within the tolerance


def never_called() -> float:
    return time.time() + random.SystemRandom().random()


def rates() -> str:
    return Path("../rates.txt").read_text()
