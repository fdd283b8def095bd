class Problem(Exception):
    """What ends a run with one of skein's codes; skein puts it into words."""

    def __init__(self, code, **info):
        super().__init__(code)
        self.event = {"type": "error", "code": code, "info": info}
