"""One model of a peer, and rows from it.

Usage: peer.py JSON, with the settings of peer.ts: peer, train (CSV), scored (CSV to write, as many rows as train has),
folder (for what it needs), rows (drawn for the speed), seed, threads. Prints a JSON object in its last line: seconds of
training, rows a second, largest resident memory in MB.
"""

import inspect
import json
import os
import random
import resource
import sys
import time

import numpy as np
import pandas as pd
import torch

trial = json.loads(sys.argv[1])


def table():
    # The words "nan" and "NA" are values like others; an empty cell is none.
    return pd.read_csv(trial["train"], keep_default_na=False, na_values=[""])


def gan(name):
    import ctgan

    rows = table()
    make = getattr(ctgan, name)
    # The one is the new name of the other.
    gpu = "enable_gpu" if "enable_gpu" in inspect.signature(make).parameters else "cuda"
    model = make(epochs=trial.get("epochs", 300), **{gpu: False})
    model.set_random_state(trial["seed"])
    discrete = [column for column in rows.columns if not pd.api.types.is_numeric_dtype(rows[column])]
    started = time.perf_counter()
    model.fit(rows, discrete)
    return len(rows), time.perf_counter() - started, model.sample


def mostlyai():
    from mostlyai import engine

    rows = table()
    folder = os.path.join(trial["folder"], "mostlyai")
    engine.set_random_state(trial["seed"])
    started = time.perf_counter()
    engine.split(tgt_data=rows, workspace_dir=folder, model_type="TABULAR")
    engine.analyze(workspace_dir=folder)
    engine.encode(workspace_dir=folder)
    limit = {"max_epochs": trial["epochs"]} if "epochs" in trial else {}
    engine.train(workspace_dir=folder, device="cpu", **limit)
    seconds = time.perf_counter() - started

    def draw(n):
        engine.generate(workspace_dir=folder, sample_size=n, device="cpu")
        return pd.read_parquet(os.path.join(folder, "SyntheticData"))

    return len(rows), seconds, draw


def realtabformer():
    import transformers
    from realtabformer import REaLTabFormer

    limit = trial["limit_s"]

    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            if time.perf_counter() - started > limit:
                control.should_training_stop = True

    make = transformers.Trainer.__init__

    def with_limit(self, *args, **options):
        make(self, *args, **options)
        self.add_callback(Stop())

    transformers.Trainer.__init__ = with_limit
    rows = table()
    model = REaLTabFormer(
        model_type="tabular",
        epochs=trial.get("epochs", 100),
        checkpoints_dir=os.path.join(trial["folder"], "checkpoints"),
        samples_save_dir=os.path.join(trial["folder"], "samples"),
        random_state=trial["seed"],
        gradient_accumulation_steps=4,
        report_to=[],
    )
    started = time.perf_counter()
    # Without its critic, which trains anew several times.
    model.fit(rows, device="cpu", n_critic=0)
    seconds = time.perf_counter() - started
    return len(rows), seconds, lambda n: model.sample(n_samples=n, device="cpu")


PEERS = {
    "tvae": lambda: gan("TVAE"),
    "ctgan": lambda: gan("CTGAN"),
    "mostlyai": mostlyai,
    "realtabformer": realtabformer,
}

random.seed(trial["seed"])
np.random.seed(trial["seed"])
torch.manual_seed(trial["seed"])
torch.set_num_threads(trial["threads"])
n, train_seconds, draw = PEERS[trial["peer"]]()
started = time.perf_counter()
rows = draw(n)
seconds = time.perf_counter() - started
rows[list(table().columns)].to_csv(trial["scored"], index=False)
speed = n / seconds
if trial["rows"] > n:
    started = time.perf_counter()
    drawn = len(draw(trial["rows"]))
    speed = drawn / (time.perf_counter() - started)
unit = 1024 * 1024 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(json.dumps({"train_s": train_seconds, "rows_per_s": speed, "peak_memory": peak}))
