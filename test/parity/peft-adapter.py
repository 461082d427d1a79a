"""Reference log-probabilities of PEFT with an adapter that harmonic exported, and an adapter that PEFT made.

Python 3.11 with: torch==2.9.1 transformers==4.57.6 peft==0.18.0 gguf==0.17.1 numpy==2.4.6
    PEFT_INPUTS=DIR npx jest test/parity/peft.test.ts     (writes DIR/ARCHITECTURE.gguf and DIR/ARCHITECTURE-peft)
    python peft-adapter.py DIR
writes reference/peft.json and reference/peft-ARCHITECTURE/.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model

from peft_model import MODELS, load_adapter, load_base

TOKENS = [(i * 37 + 11) % 250 for i in range(16)]
SHOWN = 24  # log-probabilities of the first so many tokens of the vocabulary are kept
REFERENCE = Path(__file__).parent / "reference"


@torch.no_grad()
def log_probabilities(model):
    logits = model(torch.tensor([TOKENS])).logits[0].double()
    return torch.log_softmax(logits, -1)[:, :SHOWN].numpy().round(6).tolist()


def make_adapter(base, out):
    """A random adapter of some modules, rank-stabilised, as PEFT saves it."""
    torch.manual_seed(7)
    config = LoraConfig(r=4, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "k_proj", "down_proj"],
                        alpha_pattern={"down_proj": 3}, task_type="CAUSAL_LM", init_lora_weights=False)
    model = get_peft_model(base, config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.copy_(0.15 * torch.randn_like(weight))
    model.save_pretrained(out)
    (Path(out) / "README.md").unlink(missing_ok=True)
    return model.eval()


def main(inputs):
    result = {"tokens": TOKENS, "models": {}}
    for architecture in MODELS:
        gguf = f"{inputs}/{architecture}.gguf"
        exported = f"{inputs}/{architecture}-peft"
        weights = Path(f"{exported}/adapter_model.safetensors").read_bytes()
        made = REFERENCE / f"peft-{architecture}"
        result["models"][architecture] = {
            "exported": {
                "sha256": hashlib.sha256(weights).hexdigest(),
                "logProbabilities": log_probabilities(load_adapter(load_base(gguf), exported).eval()),
            },
            "made": log_probabilities(make_adapter(load_base(gguf), made)),
            "base": log_probabilities(load_base(gguf)),
        }
    (REFERENCE / "peft.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
