"""Waiting for something to become true, with a deadline that says what did not."""
import time


def wait_until(condition, deadline_s=30.0, what="the condition", pause_s=0.05):
    """Returns the first true value of `condition()`; fails the test, naming `what`, at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s:g} s: {what}")
        time.sleep(pause_s)
