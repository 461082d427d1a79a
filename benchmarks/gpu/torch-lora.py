"""One process of the peer: LoRA by PyTorch on the groups of a table, timed from the third step on.

Usage: torch-lora.py JSON: {library: "peft" or "pytorch", model, data, groupsPerStep, seconds, device, name}. The model's
weights and the groups are files of arrays. "peft" is transformers' Llama with PEFT's adapter, "pytorch" the same network
written out here. Prints a line for each metric, as harmonic-bench does.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from arrays import read_arrays
from torch import nn

RANK, ALPHA = 16, 32
WARM_UP = 2
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# Names of a GGUF by those of transformers, of a block.
BLOCK = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def state_of(arrays):
    """The weights by transformers' names."""
    layers, width, heads, heads_kv, feed_forward, vocabulary = arrays["shape"].tolist()

    def matrix(name, rows):
        return torch.from_numpy(arrays[name].copy()).view(rows, -1).bfloat16()

    def turned(weight, n_heads):
        # A GGUF has the pairs that are rotated together side by side, transformers half a head apart.
        rows, n_in = weight.shape
        return weight.view(n_heads, rows // n_heads // 2, 2, n_in).transpose(1, 2).reshape(rows, n_in)

    state = {"model.embed_tokens.weight": matrix("token_embd.weight", vocabulary)}
    state["model.norm.weight"] = matrix("output_norm.weight", width).view(-1)
    rows = {"attn_k": width // heads * heads_kv, "ffn_gate": feed_forward, "ffn_up": feed_forward}
    rows["attn_v"] = rows["attn_k"]
    for layer in range(layers):
        for theirs, ours in BLOCK.items():
            weight = matrix(f"blk.{layer}.{ours}.weight", rows.get(ours, width))
            if ours in ("attn_q", "attn_k"):
                weight = turned(weight, heads if ours == "attn_q" else heads_kv)
            name = f"model.layers.{layer}.{theirs}.weight"
            state[name] = weight.view(-1) if ours.endswith("norm") else weight
    return state


def peft_model(arrays):
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    layers, width, heads, heads_kv, feed_forward, vocabulary = arrays["shape"].tolist()
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=feed_forward,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads_kv,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        max_position_embeddings=2048,
        use_cache=False,
    )
    model = LlamaForCausalLM(config).bfloat16()
    missing, unexpected = model.load_state_dict(state_of(arrays), strict=False)
    if unexpected or any("lm_head" not in name for name in missing):
        raise RuntimeError(f"the weights do not fit: {missing} {unexpected}")
    model.tie_weights()
    lora = LoraConfig(r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")
    return get_peft_model(model, lora, autocast_adapter_dtype=False)


class LoraLinear(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.register_buffer("weight", weight)
        rows, n_in = weight.shape
        self.a = nn.Parameter(torch.empty(RANK, n_in, dtype=weight.dtype))
        self.b = nn.Parameter(torch.zeros(rows, RANK, dtype=weight.dtype))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, x):
        return F.linear(x, self.weight) + F.linear(F.linear(x, self.a), self.b) * (ALPHA / RANK)


class PlainLlama(nn.Module):
    """The network by hand, for where transformers or PEFT are missing."""

    def __init__(self, arrays):
        super().__init__()
        self.layers, width, self.heads, self.heads_kv, _, _ = arrays["shape"].tolist()
        self.head = width // self.heads
        self.names = {}
        for name, weight in state_of(arrays).items():
            key = name.replace(".", "_")
            if any(target in name for target in TARGETS):
                self.add_module(key, LoraLinear(weight))
            else:
                self.register_buffer(key, weight)

    def part(self, layer, name):
        return getattr(self, f"model_layers_{layer}_{name}".replace(".", "_"))

    def forward(self, input_ids, attention_mask, labels):
        n, t = input_ids.shape
        frequency = 10000.0 ** (-torch.arange(0, self.head, 2, device=input_ids.device) / self.head)
        angles = torch.outer(torch.arange(t, device=input_ids.device), frequency)
        cosine, sine = angles.cos().bfloat16(), angles.sin().bfloat16()

        def norm(x, weight):
            return F.rms_norm(x, (x.shape[-1],), weight, 1e-5)

        def heads_of(x, count, rotated):
            x = x.view(n, t, count, self.head).transpose(1, 2)
            if not rotated:
                return x
            a, b = x.chunk(2, -1)
            return torch.cat((a * cosine - b * sine, a * sine + b * cosine), -1)

        def linear(layer, name, x):
            return getattr(self, f"model_layers_{layer}_{name}_weight".replace(".", "_"))(x)

        # Padding stands at the end, where causal attention does not see it and no label asks for it.
        x = F.embedding(input_ids, self.model_embed_tokens_weight)
        for layer in range(self.layers):
            y = norm(x, self.part(layer, "input_layernorm.weight"))
            q = heads_of(linear(layer, "self_attn.q_proj", y), self.heads, True)
            k = heads_of(linear(layer, "self_attn.k_proj", y), self.heads_kv, True)
            v = heads_of(linear(layer, "self_attn.v_proj", y), self.heads_kv, False)
            k, v = (z.repeat_interleave(self.heads // self.heads_kv, 1) for z in (k, v))
            attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + linear(layer, "self_attn.o_proj", attended.transpose(1, 2).reshape(n, t, -1))
            y = norm(x, self.part(layer, "post_attention_layernorm.weight"))
            gated = F.silu(linear(layer, "mlp.gate_proj", y)) * linear(layer, "mlp.up_proj", y)
            x = x + linear(layer, "mlp.down_proj", gated)
        logits = F.linear(norm(x, self.model_norm_weight), self.model_embed_tokens_weight).float()
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        return type("Output", (), {"loss": loss})


class Groups:
    def __init__(self, arrays):
        self.tokens = torch.from_numpy(arrays["lessons.tokens"].copy()).long()
        self.offsets = arrays["lessons.token_offsets"].tolist()
        self.positions = torch.from_numpy(arrays["peer.positions"].copy()).long()
        self.position_offsets = arrays["peer.offsets"].tolist()

    def batch(self, first, n, device):
        """Padded to the longest group, labels where the last row of a group is predicted; and the tokens in it."""
        count = len(self.offsets) - 1
        groups = [(first + i) % count for i in range(n)]
        lengths = [self.offsets[g + 1] - self.offsets[g] for g in groups]
        ids = torch.zeros(n, max(lengths), dtype=torch.long)
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, -100)
        for i, (g, length) in enumerate(zip(groups, lengths)):
            tokens = self.tokens[self.offsets[g] : self.offsets[g + 1]]
            ids[i, :length] = tokens
            mask[i, :length] = 1
            predicted = self.positions[self.position_offsets[g] : self.position_offsets[g + 1]] + 1
            labels[i, predicted] = tokens[predicted]
        parts = {"input_ids": ids, "attention_mask": mask, "labels": labels}
        return {name: part.to(device) for name, part in parts.items()}, sum(lengths)


def main():
    trial = json.loads(sys.argv[1])
    device = trial["device"]
    torch.manual_seed(0)
    arrays = read_arrays(trial["model"])
    model = peft_model(arrays) if trial["library"] == "peft" else PlainLlama(arrays)
    model = model.to(device).train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.0, fused=True)
    groups = Groups(read_arrays(trial["data"]))

    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    rates, losses = [], []
    begun = time.perf_counter()
    step = 0
    while step <= WARM_UP or time.perf_counter() - begun < trial["seconds"]:
        if step == WARM_UP:
            begun = time.perf_counter()
        started = time.perf_counter()
        batch, n_tokens = groups.batch(step * trial["groupsPerStep"], trial["groupsPerStep"], device)
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        wait()
        if step >= WARM_UP:
            rates.append(n_tokens / (time.perf_counter() - started))
        losses.append(loss.item())
        step += 1

    settings = f"weights=bf16;groupsPerStep={trial['groupsPerStep']};loss=last row"

    def tell(metric, unit, values):
        numbers = " ".join(f"{value:.8g}" for value in values)
        task = f"LoRA of rank 16, {trial['name']}"
        print("\t".join([trial["library"], task, settings, metric, unit, numbers, ""]), flush=True)

    tell("tokens_per_second", "tokens/s", rates)
    tell("first_loss", "nats a token", losses[:1])
    tell("last_loss", "nats a token", losses[-1:])


main()
