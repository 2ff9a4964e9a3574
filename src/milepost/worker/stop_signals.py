"""Handles the signals that ask a process to stop, for as long as its event loop runs workers."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_signals_call(stop: Callable[[], None]) -> Iterator[None]:
    """Call *stop* in the running event loop for each signal that asks to stop, as long as the block runs.

    Afterwards the handlers from before are put back. The event loop itself would put back the system's handlers, which
    end a process at once, without stopping the embedded database.
    """
    loop = asyncio.get_running_loop()
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
