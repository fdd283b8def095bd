import contextlib
import json
import os
import signal
import sys
import threading

from .problem import Problem


class Events:
    """Tells events on stdout, and notices when the run is to stop: SIGINT and SIGTERM."""

    def __init__(self):
        # Whatever else prints must not come between the events.
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self.stopping = False

    def stop_on_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, *_):
        self.stopping = True

    def end_with_stdin(self):
        def wait():
            sys.stdin.buffer.read()
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()

    def tell(self, event):
        self._out.write(json.dumps(event) + "\n")
        self._out.flush()

    @contextlib.contextmanager
    def problems(self):
        """Turns what the machine refuses into problems with codes."""
        import torch

        try:
            yield
        except torch.OutOfMemoryError as error:
            raise Problem("engine/python-memory") from error
