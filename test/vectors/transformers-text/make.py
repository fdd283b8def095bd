"""Writes expected.json: what transformers makes of strange texts and of chat templates.

    python make.py ../tokenizer expected.json

Needs transformers and jinja2; see README.md for the versions used.
"""

import json
import random
import sys
import unicodedata

import tokenizers
import transformers
from transformers import AutoTokenizer

FOLDER, OUT = sys.argv[1:3]
tokenizer = AutoTokenizer.from_pretrained(FOLDER)
random.seed(5)

PIECES = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im", "_start|>", " ", "  ", "\n", "\r\n", "\t", "'s", "'S",
    "'\u017f", "'LL", "'Re", "don't", "e\u0301", "\u00e9", "\u0301", "\u0327", "\u0338", ">", "\u1100\u1161", "\uac00",
    "\u11a8", "\U0001f469\u200d\u2695\ufe0f", "\U0001f3e5", "1", "23", "\u00bd", "\u00b2", "_", "\u0663", "\ufeff",
    "\x85", "\xa0", "\u2028", "\u3000", "\u60a3\u8005", "The", " hello", "world", "...", "\u2014", "\u0130", "\xdf",
    "\u200b", "\x00", "\x7f", "\U000e0001", "\u03a9", "\u212a", "\u0149",
]


def strange_text(most):
    def piece():
        if random.random() < 0.85:
            return random.choice(PIECES)
        return chr(random.choice([random.randrange(32, 0xD800), random.randrange(0xE000, 0x20000)]))

    return "".join(piece() for _ in range(random.randrange(most)))


def encodings():
    for _ in range(500):
        text = strange_text(12)
        yield {"text": text, "ids": tokenizer.encode(text, add_special_tokens=False)}


def decodings():
    for _ in range(200):
        ids = [random.randrange(tokenizer.vocab_size) for _ in range(random.randrange(8))]
        skipped = tokenizer.decode(ids, skip_special_tokens=True)
        yield {"ids": ids, "decoded": tokenizer.decode(ids), "skipped": skipped}


TEMPLATES = {
    "marked": "{%- for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}{% else %}{{ m.content + '<|im_end|>\\n' }}{% endif %}{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}",
    "marked-lines": """
{#- blanks and line breaks around every kind of block -#}
{%- set ns = namespace(n=0) -%}
{% for m in messages %}
    {%- if m.role == 'assistant' -%}
<|im_start|>assistant
        {% generation %}
{{ m.content }}<|im_end|>
        {% endgeneration %}
    {% else %}
<|im_start|>{{ m.role }}
  {{ m.content | trim }}<|im_end|>
        {% set ns.n = ns.n + 1 %}
    {%- endif %}
{% endfor %}
{{ ns.n }}
{% if add_generation_prompt %}
<|im_start|>assistant
{% endif %}
""",
    "marked-scopes": """   {% for m in messages %}
  {% if m.role == 'assistant' %}
<|im_start|>assistant
{%- set x = 1 %}
{%- generation -%}
   {%- set x = 2 -%}
   {{ m.content }}{{ x }}{{ loop.index }}
{%- endgeneration -%}
  <|im_end|>{{ x }}
  {%- else %}
{{ bos_token }}{{ eos_token }}{{ pad_token }}[{{ m.role | upper }}] {{ m.content }} [/]{% if not loop.last %},{% endif %}

  {% endif %}
{% endfor %}
""",
    "tools": """{%- if tools %}{{- 'Tools:' }}{%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}{%- endif %}{%- set ns = namespace(last=-1) %}{%- for message in messages[::-1] %}{%- if ns.last < 0 and message.role == "user" and not message.content.startswith('<tool>') %}{%- set ns.last = messages|length - 1 - loop.index0 %}{%- endif %}{%- endfor %}{%- for message in messages %}{%- set content = message.content if message.content is string else '' %}{{- '\\n' + message.role + ': ' }}{%- if message.role == 'assistant' and '</think>' in content %}{%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- if loop.index0 > ns.last %}{{- '<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' }}{%- endif %}{%- endif %}{{- content }}{%- for call in message.tool_calls or [] %}{{- '\\n{"name": "' + call.name + '", "arguments": ' }}{{- call.arguments if call.arguments is string else call.arguments | tojson }}{{- '}' }}{%- endfor %}{%- endfor %}{%- if add_generation_prompt %}{{- '\\nassistant: ' }}{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think></think>' }}{%- endif %}{%- endif %}""",
    "raises": "{% if messages[0].role != 'system' %}{{ raise_exception('a system message is needed') }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}",
    "bare": "{% for m in messages %}{{ m.content }}{% generation %}{{ m.answer }}{% endgeneration %}{% endfor %}",
}

system, user = {"role": "system", "content": "s"}, {"role": "user", "content": "u"}


def assistant(content, **more):
    return {"role": "assistant", "content": content, **more}


CHATS = [
    [{"role": "user", "content": "What is a fever?"}, assistant("High temperature.")],
    [
        {"role": "system", "content": "  Be brief. \n"},
        {"role": "user", "content": "38.5 \u00b0C"},
        assistant("\nSee a doctor.\n"),
        {"role": "user", "content": "Why?"},
        assistant("Cafe\u0301 <|im_end|> \U0001f469\u200d\u2695\ufe0f"),
    ],
    [system, user, assistant("<think>\nhm\n</think>\n\nanswer"), user, assistant("\u0301combining start")],
    [system, user, assistant(""), user],
    [system, user, assistant("x", tool_calls=[{"name": "f", "arguments": {"a": 1, "b": [1.5, True, None, '\u00e9"\n']}}])],
]
TOOLS = [{"type": "function", "function": {"name": "f", "description": "d <b>&", "parameters": {"type": "object"}}}]


def render(name, messages, add=False, tools=None):
    row = {"template": name, "messages": messages, "tools": tools, "add_generation_prompt": add}
    options = {"chat_template": TEMPLATES[name], "add_generation_prompt": add, "tools": tools}
    try:
        row["text"] = tokenizer.apply_chat_template(messages, tokenize=False, **options)
    except Exception as error:
        return {**row, "error": str(error)}
    if "{% generation %}" in TEMPLATES[name] or "{%- generation" in TEMPLATES[name]:
        encoded = tokenizer.apply_chat_template(
            messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, **options
        )
        row["ids"], row["mask"] = encoded["input_ids"], encoded["assistant_masks"]
    return row


def renders():
    for name in TEMPLATES:
        for messages in CHATS if name != "bare" else []:
            for add in (False, True):
                for tools in (None, TOOLS) if name == "tools" else (None,):
                    yield render(name, messages, add, tools)
    # Answers whose edges fall anywhere: inside tokens, beside special tokens.
    made = 0
    while made < 200:
        turns = [(strange_text(5), strange_text(5) + random.choice(["a", ".", "<|im_end|>", "\n"])) for _ in range(2)]
        if not comparable([part for turn in turns for part in turn]):
            continue
        made += 1
        yield render("bare", [{"role": "user", "content": "Q" + before, "answer": answer} for before, answer in turns])


def comparable(parts):
    """transformers' mask is wrong (empty, or everything to the end) where NFC composes characters across an edge."""
    nfc = lambda text: unicodedata.normalize("NFC", text)
    return "".join(map(nfc, parts)) == nfc("".join(parts))


expected = {
    "source": f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}",
    "encodings": list(encodings()),
    "decodings": list(decodings()),
    "templates": TEMPLATES,
    "renders": list(renders()),
}
with open(OUT, "w") as file:
    json.dump(expected, file, ensure_ascii=True, separators=(",", ":"))
    file.write("\n")
