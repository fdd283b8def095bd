"""Takes one whole PEFT training step for each line on stdin and answers with a line of JSON: seconds, loss, memory.

The counterpart of training-step-server.ts: the same model folder, adapter, batch, clipping and optimiser; in float32, with
bf16 autocast, or with frozen weights in bf16.
"""

import argparse
import json
import re
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--length", type=int, default=512)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--precision", choices=["fp32", "autocast", "bf16"], default="fp32")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
dtype = torch.bfloat16 if arguments.precision == "bf16" else torch.float32
base = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=dtype)
linears = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
adapter = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=linears, task_type="CAUSAL_LM")
model = get_peft_model(base, adapter)
model.train()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4)
# transformers shifts the labels itself: every position but the last predicts the token after it.
ids = torch.tensor([[(i * 7919 + 13) % 151_000 for i in range(arguments.length)]])


def memory():
    status = open("/proc/self/status").read()

    def kilobytes(field):
        return int(re.search(rf"^{field}:\s+(\d+) kB$", status, re.M).group(1))

    return {"anonymousBytes": 1024 * kilobytes("RssAnon"), "peakBytes": 1024 * kilobytes("VmHWM")}


for _ in sys.stdin:
    started = time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.precision == "autocast"):
        loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    value = loss.item()
    print(json.dumps({"seconds": time.perf_counter() - started, "loss": value, **memory()}), flush=True)
