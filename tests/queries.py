"""How many queries something takes: a list must not take one per row."""

import logging
from collections.abc import Callable


class _Counter(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def count(work: Callable[[], object]) -> int:
    """Run `work`; the number of statements it sent to the database."""
    logger, counter = logging.getLogger("peewee"), _Counter()
    level = logger.level
    logger.addHandler(counter)
    logger.setLevel(logging.DEBUG)
    try:
        work()
    finally:
        logger.removeHandler(counter)
        logger.setLevel(level)
    return counter.count
