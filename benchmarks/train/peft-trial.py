"""One process of the peer: LoRA by PyTorch and PEFT on the groups of a table, timed from the second step on.

Usage: peft-trial.py JSON, with the settings of benchmark.ts. Prints a JSON object: metric -> values.
"""

import json
import resource
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

trial = json.loads(sys.argv[1])
torch.set_num_threads(trial["threads"])
torch.set_num_interop_threads(1)
torch.manual_seed(0)

model = AutoModelForCausalLM.from_pretrained(
    trial["model"], dtype={"f32": torch.float32, "bf16": torch.bfloat16}[trial["weights"]]
)
model.config.use_cache = False
config = LoraConfig(
    r=trial["rank"],
    lora_alpha=trial["alpha"],
    lora_dropout=0.0,
    target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    task_type="CAUSAL_LM",
)
# Adapters in the type of the base, no slower than PEFT's default of F32 adapters on a BF16 base, and smaller.
model = get_peft_model(model, config, autocast_adapter_dtype=False)
model.train()
parameters = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(parameters, lr=trial["learningRate"], weight_decay=0.0)

with open(trial["lessons"], encoding="utf-8") as file:
    lessons = json.load(file)


def batch_of(groups):
    """Padded to the longest group; labels only where the last row of a group is predicted."""
    longest = max(len(group["tokens"]) for group in groups)
    ids = torch.zeros(len(groups), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for i, group in enumerate(groups):
        tokens = torch.tensor(group["tokens"])
        ids[i, : len(tokens)] = tokens
        mask[i, : len(tokens)] = 1
        predicted = torch.tensor(group["lossPositions"]) + 1
        labels[i, predicted] = tokens[predicted]
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


tokens_per_second, rows_per_second, losses = [], [], []
n = trial["groupsPerStep"]
for step in range(trial["steps"] + 1):
    groups = lessons[step * n : (step + 1) * n]
    started = time.perf_counter()
    loss = model(**batch_of(groups)).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    seconds = time.perf_counter() - started
    losses.append(loss.item())
    if step > 0:
        tokens_per_second.append(sum(len(group["tokens"]) for group in groups) / seconds)
        rows_per_second.append(len(groups) / seconds)

print("loss of each step:", losses, file=sys.stderr)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
print(
    json.dumps(
        {"tokens_per_second": tokens_per_second, "rows_per_second": rows_per_second, "peak_memory": [peak]}
    )
)
