"""Writes the logits of a model, with a PEFT adapter if one is given, for rows of token ids.

    python logits.py IDS.json OUT.f32 MODEL [ADAPTER]

IDS.json: {"rows": [[...], ...]}, all of one length. OUT.f32: float32, [rows, length, vocabulary]. Prints versions.
"""

import json
import sys

import peft
import torch
import transformers

ids_file, out_file, model_folder, *adapter = sys.argv[1:]
torch.set_num_threads(1)
model = transformers.AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
if adapter:
    model = peft.PeftModel.from_pretrained(model, adapter[0])
model.eval()
with torch.no_grad():
    logits = model(input_ids=torch.tensor(json.load(open(ids_file))["rows"])).logits
logits.numpy().tofile(out_file)
print(f"transformers {transformers.__version__}, peft {peft.__version__}, torch {torch.__version__}")
