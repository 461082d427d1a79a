"""Writes the tensors of a GGUF, dequantised, and its tokenizer as folders that transformers loads: OUT/f32 and OUT/bf16.

Usage: convert-base.py BASE.gguf OUT
"""

import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

path, out = sys.argv[1:]
# transformers undoes the order in which GGUFs keep the rows of the query and key matrices.
file = {"pretrained_model_name_or_path": os.path.dirname(path), "gguf_file": os.path.basename(path)}
model = AutoModelForCausalLM.from_pretrained(**file, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(**file)
model.save_pretrained(os.path.join(out, "f32"))
model.to(torch.bfloat16).save_pretrained(os.path.join(out, "bf16"))
# transformers does not take these over from a GGUF.
tokenizer.eos_token = tokenizer.convert_ids_to_tokens(model.config.eos_token_id)
tokenizer.pad_token = tokenizer.eos_token
for folder in ("f32", "bf16"):
    tokenizer.save_pretrained(os.path.join(out, folder))
