"""Tunes be_great on a table, or draws rows from what it has tuned.

Usage: be-great.py fit TABLE.csv BASE OUT STEPS
       be-great.py sample FOLDER SETTINGS    (JSON: batch, seconds)

Sampling prints a JSON object: the rows as be_great reads them from its own text, those that it throws away too, the tokens
generated, the seconds and the largest resident memory in MB. A row may take as many tokens as the longest of the table:
be_great teaches its model no end, so rows are written on until then. Tuning that was interrupted goes on from its last
checkpoint.
"""

import glob
import json
import os
import resource
import sys
import time

import pandas as pd
import torch
from be_great import GReaT
from be_great.great_utils import _convert_text_to_tabular_data, _convert_tokens_to_text


def fit(table, base, out, steps):
    torch.manual_seed(0)
    model = GReaT(
        base,
        experiment_dir=out + ".work",
        epochs=1,
        batch_size=8,
        max_steps=int(steps),
        learning_rate=2e-4,
        warmup_steps=5,
        lr_scheduler_type="cosine",
        use_cpu=True,
        bf16=True,
        save_steps=40,
        save_total_limit=1,
        logging_steps=10,
    )
    # The word "nan" of the census table is a value like others.
    rows = pd.read_csv(table, keep_default_na=False, na_values=[""])
    model.fit(rows, resume_from_checkpoint=bool(glob.glob(out + ".work/checkpoint-*")))
    model.save(out)
    texts = [", ".join(f"{name} is {value}" for name, value in row.items()) for row in rows.to_dict(orient="records")]
    with open(os.path.join(out, "longest.json"), "w") as file:
        json.dump(max(len(model.tokenizer(text)["input_ids"]) for text in texts), file)


def sample(folder, settings):
    torch.manual_seed(1)
    great = GReaT.load_from_dir(folder)
    with open(os.path.join(folder, "longest.json")) as file:
        longest = json.load(file)
    great.model.eval()
    calls = []
    generate = great.model.generate

    def counted(input_ids, **options):
        tokens = generate(input_ids=input_ids, **options)
        # What follows the first end of a row is padding.
        ended = (tokens[:, input_ids.shape[1] :] == great.tokenizer.eos_token_id).int().cumsum(dim=1)
        calls.append((tokens, int((ended == 0).sum() + (ended == 1).any(dim=1).sum())))
        return tokens

    great.model.generate = counted

    def draw(n):
        great.sample(n_samples=1, k=n, max_length=longest, device="cpu")

    draw(2)
    calls.clear()
    started = time.perf_counter()
    while not calls or time.perf_counter() - started < settings["seconds"]:
        draw(settings["batch"])
    seconds = time.perf_counter() - started
    texts = [text for tokens, _ in calls for text in _convert_tokens_to_text(list(tokens), great.tokenizer)]
    texts = [text.replace(great.tokenizer.eos_token, "").replace(great.tokenizer.pad_token, "") for text in texts]
    rows = _convert_text_to_tabular_data(texts, great.columns).fillna("").astype(str)
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return {
        "rows": rows.to_dict(orient="records"),
        "tokens": sum(n for _, n in calls),
        "seconds": seconds,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
    }


if sys.argv[1] == "fit":
    fit(*sys.argv[2:])
else:
    print(json.dumps(sample(sys.argv[2], json.loads(sys.argv[3]))))
