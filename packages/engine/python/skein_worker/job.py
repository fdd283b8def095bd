import json
import pathlib

import torch
from safetensors import safe_open

VERSION = "train-job/1"


class Job:
    """A prepared training: settings, and micro-batches as they are to be taken, in safetensors files.

    A micro-batch is one int32 array [4, rows, length]: token ids, positions, segments (0 for padding) and targets (-1
    where the loss does not count).
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.settings = json.loads((self.folder / "job.json").read_text())
        assert self.settings["version"] == VERSION, f"this worker takes {VERSION}"
        self._files = {}

    def __getattr__(self, name):
        return self.settings[name]

    def batches(self, name):
        """The micro-batches of `epoch-0`, `epoch-1`, …, or of `validation`; read when they are taken."""
        if name not in self._files:
            # One epoch is open at a time, and the validation data.
            self._files = {key: value for key, value in self._files.items() if key == "validation"}
            self._files[name] = safe_open(self.folder / f"{name}.safetensors", framework="pt")
        file = self._files[name]
        return Batches(file, len(file.keys()))


class Batches:
    def __init__(self, file, count):
        self._file = file
        self.count = count

    def __getitem__(self, index):
        return self._file.get_tensor(f"{index}").to(torch.int64)
