"""python -m skein_worker check       one JSON object: versions, and whether there is CUDA
python -m skein_worker FOLDER      trains the job in the folder; events on stdout, one JSON object a line
    --end-with-stdin               ends at once when stdin is closed, so that no worker outlives who holds the run's lock
"""

import os
import sys

# Nothing is ever fetched: models and adapters are folders. Set before transformers is imported.
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
# Without it cuBLAS may sum in another order each time.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

from .events import Events
from .packages import describe
from .problem import Problem


def main(argument, option=None):
    events = Events()
    if argument == "check":
        events.tell(describe())
        return 0
    # Before torch is there, which takes seconds: a signal is not to be lost.
    events.stop_on_signals()
    if option == "--end-with-stdin":
        events.end_with_stdin()
    from .job import Job
    from .run import Run

    try:
        with events.problems():
            Run(Job(argument), events).go()
    except Problem as problem:
        events.tell(problem.event)
        return 1
    return 0


sys.exit(main(*sys.argv[1:]))
