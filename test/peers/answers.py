"""Answers questions greedily with a model and a PEFT adapter.

    python answers.py QUESTIONS.json MODEL ADAPTER

QUESTIONS.json: {"questions": [{"prompt": [ids], ...}], "stopIds": [...]}. Prints a JSON array of the answers.
"""

import json
import sys

import peft
import torch
import transformers

questions_file, model_folder, adapter = sys.argv[1:]
asked = json.load(open(questions_file))
torch.set_num_threads(1)
tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
model = transformers.AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
model = peft.PeftModel.from_pretrained(model, adapter).eval()


def answer(prompt):
    ids = torch.tensor([prompt])
    made = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=32,
        do_sample=False,
        eos_token_id=asked["stopIds"],
        pad_token_id=asked["stopIds"][0],
    )
    return tokenizer.decode(made[0][len(prompt) :], skip_special_tokens=True)


print(json.dumps([answer(question["prompt"]) for question in asked["questions"]]))
