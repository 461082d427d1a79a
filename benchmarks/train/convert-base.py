"""Writes the tensors of a GGUF, dequantised, as folders that transformers loads: OUT/f32 and OUT/bf16.

Usage: convert-base.py BASE.gguf OUT
"""

import os
import sys

import torch
from transformers import AutoModelForCausalLM

path, out = sys.argv[1:]
# transformers undoes the order in which GGUFs keep the rows of the query and key matrices.
model = AutoModelForCausalLM.from_pretrained(
    os.path.dirname(path), gguf_file=os.path.basename(path), dtype=torch.float32
)
model.save_pretrained(os.path.join(out, "f32"))
model.to(torch.bfloat16).save_pretrained(os.path.join(out, "bf16"))
