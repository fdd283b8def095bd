"""How far torch is from itself after ten AdamW steps on every weight: share of 1e-5 + 1e-4*|b| of the final logits.

    python test/peers/final-logits-noise.py test/vectors/engine/qwen3-full
"""

import json
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

FOLDER = sys.argv[1]
torch.set_num_threads(1)
inputs = load_file(f"{FOLDER}/inputs.safetensors")
reference = load_file(f"{FOLDER}/logits.safetensors")["final_logits"]
with open(f"{FOLDER}/expected.json") as file:
    hyper = json.load(file)["optimizer"]


def load(dtype=torch.float32, attention="sdpa"):
    return AutoModelForCausalLM.from_pretrained(f"{FOLDER}/model", dtype=dtype, attn_implementation=attention)


def measure(name, model, change=lambda model: None):
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        parameters, hyper["lr"], tuple(hyper["betas"]), hyper["eps"], hyper["weight_decay"]
    )
    for _ in range(10):
        optimizer.zero_grad()
        model(**inputs).loss.backward()
        change(model)
        torch.nn.utils.clip_grad_norm_(parameters, hyper["max_grad_norm"])
        optimizer.step()
    with torch.no_grad():
        logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    shares = (logits - reference).abs() / (1e-5 + 1e-4 * reference.abs())
    print(f"{name:55s} {shares[inputs['attention_mask'] == 1].max().item():7.1%}", flush=True)


def exact(model, double=load(torch.float64)):
    """Gradients of float64 at the same weights, rounded once."""
    double.load_state_dict({name: value.double() for name, value in model.state_dict().items()})
    double.zero_grad()
    double(**inputs).loss.backward()
    for parameter, other in zip(model.parameters(), double.parameters()):
        parameter.grad = other.grad.float()


def noise(size, seed):
    generator = torch.Generator().manual_seed(seed)

    def change(model):
        for parameter in model.parameters():
            uniform = 2 * torch.rand(parameter.shape, generator=generator) - 1
            parameter.grad.add_(size * parameter.grad.pow(2).mean().sqrt() * uniform)

    return change


measure("as stored", load())
measure("eager attention", load(attention="eager"))
measure("float64", load(torch.float64))
measure("exact gradients, AdamW in float32", load(), exact)
for size in (1e-7, 3e-7, 1e-6):
    for seed in range(3):
        measure(f"gradients +- {size:g} of their root mean square, seed {seed}", load(), noise(size, seed))
