"""Checkpoints as skein keeps them: `step-000123/` with tensors.safetensors and state.json, the newest two."""

import json
import os
import pathlib
import shutil

from safetensors.torch import load_file, save_file

KEPT = 2


def save(checkpoints, state, tensors, metrics_bytes):
    """Writes under a temporary name, syncs, renames: a kill at any instant leaves whole checkpoints only."""
    path = pathlib.Path(checkpoints) / f"step-{state['step']:06d}"
    partial = path.with_name(path.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    arrays = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(arrays, partial / "tensors.safetensors")
    (partial / "state.json").write_text(json.dumps({"state": state, "metricsBytes": metrics_bytes}) + "\n")
    for name in ("tensors.safetensors", "state.json", "."):
        sync(partial / name)
    remove(path)
    partial.rename(path)
    sync(path.parent)
    for old in sorted(path.parent.glob("step-*[0-9]"), key=step_of)[:-KEPT]:
        remove(old)


def load(path):
    state = json.loads((pathlib.Path(path) / "state.json").read_text())["state"]
    return state, load_file(pathlib.Path(path) / "tensors.safetensors")


def step_of(path):
    return int(path.name.removeprefix("step-"))


def remove(path):
    if path.exists():
        removed = path.with_name(path.name + ".removed")
        path.rename(removed)
        shutil.rmtree(removed)


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
