import hashlib
import json
import math
import os
import time

import torch

from . import checkpoint
from .model import Model
from .problem import Problem
from .schedule import learning_rate


class Run:
    """AdamW over windows of micro-batches, with evaluation, early stop and checkpoints: the course of skein's trainer.

    What a step or an evaluation does depends only on the state, so a run that goes on from a checkpoint is the same.
    """

    def __init__(self, job, events):
        self.job, self.events, self.config = job, events, job.train
        self.model = Model(job)
        self.parameters = self.model.parameters
        adam = self.config["adamW"]
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(),
            betas=(adam["beta1"], adam["beta2"]),
            eps=adam["epsilon"],
            weight_decay=adam["weightDecay"],
        )
        self.best = {}
        self.state = {
            "version": "train-state/1",
            "configDigest": job.configDigest,
            "step": 0,
            "position": {"epoch": 0, "microBatch": 0},
            "evaluations": {"last": None, "best": None, "withoutGain": 0},
        }
        if job.checkpoint:
            self.restore(*checkpoint.load(job.checkpoint))
        self.metrics = open(job.metrics, "ab")

    def restore(self, state, tensors):
        self.state = state
        for name, parameter in self.parameters.items():
            with torch.no_grad():
                parameter.copy_(tensors[f"parameter/{name}"])
            self.optimizer.state[parameter] = {
                "step": torch.tensor(float(state["step"])),
                "exp_avg": tensors[f"m/{name}"].to(parameter),
                "exp_avg_sq": tensors[f"v/{name}"].to(parameter),
            }
            if f"best/{name}" in tensors:
                self.best[name] = tensors[f"best/{name}"]

    def go(self):
        elements = sum(parameter.numel() for parameter in self.parameters.values())
        total = self.job.totalSteps
        begin = {"step": self.state["step"], "totalSteps": total, "trainableElements": elements}
        self.events.tell({"type": "start", **begin})
        status = self.until_the_end(total)
        best = self.state["evaluations"]["best"]
        self.events.tell({"type": "end", "status": status, "step": self.state["step"], "best": best})

    def until_the_end(self, total):
        saved = self.state if self.job.checkpoint else None
        began, done = time.monotonic(), 0
        while True:
            evaluated = self.evaluate_if_due(total)
            step, evaluations = self.state["step"], self.state["evaluations"]
            stop = self.config["earlyStop"]
            stops_early = stop is not None and evaluations["withoutGain"] >= stop["patience"]
            ended = evaluated and (stops_early or step >= total)
            every = self.job.checkpointEvery
            due = every is not None and step > 0 and step % every == 0
            if (ended or self.events.stopping or due) and saved is not self.state:
                self.save()
                saved = self.state
            if ended:
                return "early-stopped" if stops_early else "complete"
            if self.events.stopping:
                return "interrupted"
            started = time.monotonic()
            outcome = self.take_step(total)
            done += 1
            now = time.monotonic()
            left = (total - self.state["step"]) * (now - began) / done
            speed = {"tokensPerSecond": outcome["tokens"] / max(now - started, 1e-9), "secondsLeft": left}
            self.record({"type": "step", "step": self.state["step"], "totalSteps": total, **outcome, **speed})

    def take_step(self, total):
        step, position = self.state["step"] + 1, self.state["position"]
        batches = self.job.batches(f"epoch-{position['epoch']}")
        first = position["microBatch"]
        window = [batches[i] for i in range(first, min(first + self.config["accumulationSteps"], batches.count))]
        labelled = sum(int((batch[3] >= 0).sum()) for batch in window)
        self.model.train()
        self.optimizer.zero_grad()
        loss_sum = 0.0
        for index, batch in enumerate(window):
            torch.manual_seed(dropout_seed(self.config["seed"], step, index))
            loss = self.model.loss_sum(batch)
            (loss / labelled).backward()
            loss_sum += finite(loss.item(), f"The loss of micro-batch {index + 1} of {len(window)}", step)
        limit = self.config["maxGradientNorm"]
        norm = torch.nn.utils.clip_grad_norm_(self.parameters.values(), math.inf if limit is None else limit).item()
        finite(norm, "The norm of the gradient", step)
        rate = learning_rate(self.config, total, step - 1)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        end = first + len(window)
        whole = end >= batches.count
        following = {"epoch": position["epoch"] + 1, "microBatch": 0} if whole else {**position, "microBatch": end}
        self.state = {**self.state, "step": step, "position": following}
        tokens = sum(int((batch[2] != 0).sum()) for batch in window)
        return {
            "epoch": position["epoch"],
            "loss": loss_sum / labelled,
            "learningRate": rate,
            "gradientNorm": norm,
            "tokens": tokens,
            "labelledTokens": labelled,
        }

    def evaluate_if_due(self, total):
        """False where it was due and the run is to stop before it was done."""
        step, history = self.state["step"], self.state["evaluations"]
        every = self.config["evaluateEvery"]
        due = step >= total or (every is not None and step > 0 and step % every == 0)
        if not self.job.validates or not due or (history["last"] or {}).get("step") == step:
            return True
        batches = self.job.batches("validation")
        self.model.eval()
        loss_sum, labelled = 0.0, 0
        for index in range(batches.count):
            if self.events.stopping:
                return False
            with torch.no_grad():
                loss_sum += self.model.loss_sum(batches[index]).item()
            labelled += int((batches[index][3] >= 0).sum())
        loss = finite(loss_sum / labelled, "The validation loss", step)
        self.note({"step": step, "loss": loss})
        best = self.state["evaluations"]["best"]["step"] == step
        self.record({"type": "evaluation", "step": step, "loss": loss, "labelledTokens": labelled, "best": best})
        return True

    def note(self, evaluation):
        history, stop = self.state["evaluations"], self.config["earlyStop"]
        best, loss = history["best"], evaluation["loss"]
        gained = best is None or loss < best["loss"] - (stop or {"minDelta": 0})["minDelta"]
        is_best = best is None or loss < best["loss"]
        if is_best and stop is not None:
            self.best = {name: value.detach().clone() for name, value in self.parameters.items()}
        evaluations = {
            "last": evaluation,
            "best": evaluation if is_best else best,
            "withoutGain": 0 if gained else history["withoutGain"] + 1,
        }
        self.state = {**self.state, "evaluations": evaluations}

    def record(self, event):
        self.metrics.write(json.dumps(event).encode() + b"\n")
        self.metrics.flush()
        self.events.tell(event)

    def save(self):
        # Metrics first: a checkpoint must never count lines that a power cut could still take away.
        os.fsync(self.metrics.fileno())
        tensors = {}
        for name, parameter in self.parameters.items():
            moments = self.optimizer.state.get(parameter) or {}
            tensors[f"parameter/{name}"] = parameter
            tensors[f"m/{name}"] = moments.get("exp_avg", torch.zeros_like(parameter))
            tensors[f"v/{name}"] = moments.get("exp_avg_sq", torch.zeros_like(parameter))
        tensors.update({f"best/{name}": value for name, value in self.best.items()})
        checkpoint.save(self.job.checkpoints, self.state, tensors, self.metrics.tell())
        self.events.tell({"type": "checkpoint", "step": self.state["step"]})


def dropout_seed(*where):
    """Of one micro-batch's masks; depends on nothing but seed, step and place, so a resumed run draws the same."""
    return int.from_bytes(hashlib.sha256(repr(where).encode()).digest()[:8], "little") >> 1


def finite(value, what, step):
    if not math.isfinite(value):
        raise Problem("train/non-finite", what=what, step=step)
    return value
