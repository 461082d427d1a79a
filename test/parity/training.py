"""Reference losses and gradients of PyTorch with PEFT, for our trainer.

Python 3.11 with: torch==2.9.1 transformers==4.57.6 peft==0.18.0 gguf==0.17.1 numpy==2.4.6
    node -r ./benchmarks/register.js test/parity/training-inputs.ts DIR
    python training.py DIR [CASE ...]
writes reference/training/CASE.json: the problem, and what comes of it. Dropout is off, everything is in F32.
"""

import json
import re
import sys
from pathlib import Path

import torch

from peft_model import NAMES, load_adapter, load_base

REFERENCE = Path(__file__).parent / "reference" / "training"
SHOWN = 96  # entries of each matrix's gradient that are kept, at regular distances
SHOWN_OF_MANY = 16  # where the model has many matrices
MANY = 100
GGUF_NAMES = {peft: gguf for gguf, peft in NAMES.items()}


def loss_of(model, problem, batch):
    """Mean negative log-likelihood over the positions under loss; each group is a sequence of its own."""
    tokens, offsets = torch.tensor(batch["tokens"]), batch["groupOffsets"]
    groups = zip(offsets[:-1], offsets[1:])
    logits = torch.cat([model(input_ids=tokens[a:b][None]).logits[0] for a, b in groups])
    logits = logits[torch.tensor(batch["lossPositions"])]
    if problem["vocabulary"]:
        allowed = torch.tensor([[c == "1" for c in row] for row in problem["allowedSets"]])
        logits = logits[:, torch.tensor(problem["vocabulary"])]
        logits = logits.masked_fill(~allowed[torch.tensor(batch["sets"])], -torch.inf)
    return torch.nn.functional.cross_entropy(logits, torch.tensor(batch["labels"]))


def gguf_name(name):
    """base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight -> blk.0.attn_q.weight.lora_a"""
    layer, module, side = re.search(r"layers\.(\d+)\.(.+)\.lora_([AB])\.", name).groups()
    return f"blk.{layer}.{GGUF_NAMES[module]}.weight.lora_{side.lower()}"


def in_gguf_order(name, matrix, config):
    """GGUFs of llama interleave the two halves of each head in the rows of q and k."""
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(name.split(".")[2])
    if config.model_type != "llama" or heads is None or not name.endswith("lora_b"):
        return matrix
    rows, width = matrix.shape
    return matrix.reshape(heads, 2, rows // heads // 2, width).swapaxes(1, 2).reshape(rows, width)


def kept(values):
    return [float(f"{value:.5g}") for value in values]


def gradients_of(model):
    found = {}
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    shown = SHOWN if len(trained) < MANY else SHOWN_OF_MANY
    for name, parameter in trained:
        name = gguf_name(name)
        entries = in_gguf_order(name, parameter.grad, model.config).flatten().double()
        places = [i * entries.numel() // shown for i in range(shown)]
        found[name] = {"norm": kept([entries.norm()])[0], "entries": kept(entries[places])}
    return found


def solve(problem, gguf, adapter):
    model = load_adapter(load_base(gguf), adapter, is_trainable=True).train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    batches, rate = problem["batches"], problem["learningRate"]
    optimiser = torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=problem["weightDecay"])
    losses, gradients = [], None
    for step in range(problem["steps"]):
        loss = loss_of(model, problem, batches[step % len(batches)])
        loss.backward()
        gradients = gradients or gradients_of(model)
        torch.nn.utils.clip_grad_norm_(parameters, problem["clip"])
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    return {"losses": [float(f"{loss:.7g}") for loss in losses], "gradients": gradients}


def main(inputs, cases):
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in cases or sorted(path.stem for path in Path(inputs).glob("*.json")):
        problem = json.loads(Path(f"{inputs}/{name}.json").read_text())
        solved = solve(problem, f"{inputs}/{name}.gguf", f"{inputs}/{name}-peft")
        print(name, solved["losses"][0], "->", solved["losses"][-1], file=sys.stderr)
        text = json.dumps({"problem": problem, **solved}, separators=(",", ":"))
        (REFERENCE / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
