"""One process of the peer: nearest neighbours by PyTorch, all distances of a block of rows, then the smallest.

Usage: torch-neighbors.py JSON: {rows, columns, k, searched, device}. Prints a line for each metric, as harmonic-bench does.
"""

import json
import sys
import time

import torch

trial = json.loads(sys.argv[1])
device, rows, k = trial["device"], trial["rows"], trial["k"]
BLOCK = 4096
torch.manual_seed(0)
# Products in 32 bits, as Faiss computes them.
torch.backends.cuda.matmul.allow_tf32 = False
centres = torch.randn(1000, trial["columns"], device=device)
points = centres[torch.randint(0, 1000, (rows,), device=device)] + 0.5 * torch.randn(
    rows, trial["columns"], device=device
)
norms = (points * points).sum(1)


def search(first, n):
    block = points[first : first + n]
    distances = torch.addmm(norms, block, points.T, alpha=-2)
    # The row itself is nearest.
    return torch.topk(distances, k + 1, largest=False).indices[:, 1:]


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


search(0, min(BLOCK, rows))
wait()
started = time.perf_counter()
found = torch.empty(trial["searched"], k, dtype=torch.long)
for first in range(0, trial["searched"], BLOCK):
    n = min(BLOCK, trial["searched"] - first)
    found[first : first + n] = search(first, n).cpu()
wait()
seconds = time.perf_counter() - started

settings = f"rows={rows};columns={trial['columns']};k={k};searched={trial['searched']}"
for metric, unit, value in (
    ("seconds", "s", seconds),
    ("searched_per_second", "rows searched/s", trial["searched"] / seconds),
):
    print("\t".join(["pytorch", "nearest neighbours", settings, metric, unit, f"{value:.8g}", ""]), flush=True)
