"""One process of the peer: a llama-like model trained from scratch by PyTorch on random rows of tokens.

Usage: scratch-trial.py JSON, with the settings of scratch-trials.ts. Prints a JSON object: metric -> values.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

trial = json.loads(sys.argv[1])
shape = trial["shape"]
torch.set_num_threads(trial["threads"])
torch.set_num_interop_threads(1)
torch.manual_seed(0)

width, heads, length = shape["nEmbedding"], shape["nHeads"], trial["nTokens"]
head = width // heads


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm = nn.RMSNorm(width, eps=shape["normEpsilon"])
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.ffn_norm = nn.RMSNorm(width, eps=shape["normEpsilon"])
        self.gate_up = nn.Linear(width, 2 * shape["nFeedForward"], bias=False)
        self.down = nn.Linear(shape["nFeedForward"], width, bias=False)

    def forward(self, x, cosine, sine):
        n, t, _ = x.shape
        q, k, v = self.qkv(self.attention_norm(x)).view(n, t, 3, heads, head).permute(2, 0, 3, 1, 4)

        def rotate(z):
            a, b = z.chunk(2, -1)
            return torch.cat((a * cosine - b * sine, a * sine + b * cosine), -1)

        attended = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        x = x + self.output(attended.transpose(1, 2).reshape(n, t, width))
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(trial["nVocabulary"], width)
        self.blocks = nn.ModuleList(Block() for _ in range(shape["nLayers"]))
        self.norm = nn.RMSNorm(width, eps=shape["normEpsilon"])
        self.head = nn.Linear(width, trial["nVocabulary"], bias=False)
        frequency = shape["ropeBase"] ** (-torch.arange(0, head, 2) / head)
        angles = torch.outer(torch.arange(length), frequency)
        self.register_buffer("cosine", angles.cos())
        self.register_buffer("sine", angles.sin())

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, self.cosine, self.sine)
        return self.head(self.norm(x))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=trial["learningRate"], weight_decay=0.01, fused=True)
columns = trial["nVocabulary"] // length
offsets = torch.arange(length) * columns
WARM_UP = 2
tokens_per_second, rows_per_second = [], []
for step in range(WARM_UP + trial["steps"]):
    ids = offsets + torch.randint(0, columns, (trial["batch"], length))
    labels = offsets.roll(-1) + torch.randint(0, columns, (trial["batch"], length))
    started = time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=trial["factors"] == "bf16"):
        loss = F.cross_entropy(model(ids).view(-1, trial["nVocabulary"]), labels.view(-1))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    seconds = time.perf_counter() - started
    if step >= WARM_UP:
        tokens_per_second.append(trial["batch"] * length / seconds)
        rows_per_second.append(trial["batch"] / seconds)

peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
print(
    json.dumps(
        {"tokens_per_second": tokens_per_second, "rows_per_second": rows_per_second, "peak_memory": [peak]}
    )
)
