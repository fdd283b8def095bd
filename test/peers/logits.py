"""Writes the logits of a model, with a PEFT adapter if one is given, for rows of token ids.

    python logits.py IDS.json OUT.f32 MODEL [ADAPTER]

IDS.json: {"rows": [[...], ...], "dtype": "float64"}, rows all of one length, dtype float32 unless told. OUT.f32: float32, [rows, length, vocabulary]. Prints versions.
"""

import json
import sys

import peft
import torch
import transformers

ids_file, out_file, model_folder, *adapter = sys.argv[1:]
torch.set_num_threads(1)
asked = json.load(open(ids_file))
dtype = getattr(torch, asked.get("dtype", "float32"))
model = transformers.AutoModelForCausalLM.from_pretrained(model_folder, dtype=dtype)
if adapter:
    model = peft.PeftModel.from_pretrained(model, adapter[0])
model.to(dtype).eval()
with torch.no_grad():
    logits = model(input_ids=torch.tensor(asked["rows"])).logits
logits.float().numpy().tofile(out_file)
print(f"transformers {transformers.__version__}, peft {peft.__version__}, torch {torch.__version__}")
