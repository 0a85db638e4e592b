"""The only way to wait for another process: polling with a time limit."""

import time

PATIENCE = 30.0  # seconds; only a failure takes that long, even under sanitizers


def until(condition, what, patience=PATIENCE):
    """The first true value of condition(); AssertionError if it stays false for too long."""
    deadline = time.monotonic() + patience
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
