"""Writes a folder of conformance: a tiny Qwen2 with LoRA on its output layer, as PEFT computes it.

    python make.py tied OUT
    python make.py untied OUT

Needs torch, transformers and peft; see README.md for the versions used.
"""

import json
import os
import sys

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import Qwen2Config, Qwen2ForCausalLM

KIND, OUT = sys.argv[1:3]
TIED = KIND == "tied"
torch.set_num_threads(1)
torch.manual_seed(11 if TIED else 12)

config = Qwen2Config(
    vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=64, tie_word_embeddings=TIED, initializer_range=0.3,
    bos_token_id=None, eos_token_id=None, pad_token_id=None,
)  # fmt: skip
base = Qwen2ForCausalLM(config).float().eval()
base.save_pretrained(f"{OUT}/model")
os.remove(f"{OUT}/model/generation_config.json")

ids = torch.randint(0, 48, (2, 14))
mask = torch.ones_like(ids)
mask[1, 11:] = 0
labels = torch.where(mask == 1, ids, -100)
labels[:, :4] = -100
save_file({"input_ids": ids, "attention_mask": mask, "labels": labels}, f"{OUT}/inputs.safetensors")


def run(model):
    return model(input_ids=ids, attention_mask=mask, labels=labels)


with torch.no_grad():
    before = run(base)
    prompt = ids[:1, :6]
    greedy = prompt
    for _ in range(8):
        greedy = torch.cat([greedy, base(input_ids=greedy).logits[:, -1:].argmax(-1)], 1)

targets = ["q_proj", "down_proj", "lm_head"] if TIED else r".*\.v_proj|lm_head"
lora = LoraConfig(r=3, lora_alpha=6, target_modules=targets, rank_pattern={"lm_head": 5}, task_type="CAUSAL_LM")
model = get_peft_model(base, lora)
trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
with torch.no_grad():
    for name, value in trained.items():
        if "lora_B" in name:
            value.normal_(0, 0.1)
model.save_pretrained(f"{OUT}/adapter_init")
with torch.no_grad():
    adapted = run(model)

hyper = {"name": "AdamW", "lr": 0.005, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01, "max_grad_norm": 1.0}
optimizer = torch.optim.AdamW(trained.values(), lr=0.005, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
losses, norms = [], []
for step in range(10):
    optimizer.zero_grad()
    loss = run(model).loss
    loss.backward()
    if step == 0:
        grads = {name.replace(".default", ""): value.grad.clone() for name, value in trained.items()}
    losses.append(loss.item())
    norms.append(torch.nn.utils.clip_grad_norm_(trained.values(), 1.0).item())
    optimizer.step()
model.save_pretrained(f"{OUT}/adapter_final", save_embedding_layers=False)
with torch.no_grad():
    final = run(model)

assert set(get_peft_model_state_dict(model, save_embedding_layers=False)) == set(grads)
save_file(grads, f"{OUT}/grads.safetensors")
logits = {"base_logits": before.logits, "lora_logits": adapted.logits, "final_logits": final.logits}
save_file({name: value.contiguous() for name, value in logits.items()}, f"{OUT}/logits.safetensors")
for folder in ["adapter_init", "adapter_final"]:
    os.remove(f"{OUT}/{folder}/README.md")
expected = {
    "source": f"transformers {transformers.__version__}, peft {peft.__version__}, torch {torch.__version__}, "
    "CPU float32, one thread",
    "kind": "lora",
    "base_loss": before.loss.item(),
    "lora_loss": adapted.loss.item(),
    "final_loss": final.loss.item(),
    "losses": losses,
    "grad_norms_before_clip": norms,
    "optimizer": hyper,
    "generation": {"prompt": prompt[0].tolist(), "greedy": greedy[0, 6:].tolist()},
}
with open(f"{OUT}/expected.json", "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
