"""One model of a peer, and rows from it.

Usage: peer.py JSON, with the settings of peer.ts: peer, train and target (CSV), scored (CSV to write), most (rows in it
at most, else as many as train has), folder (for what it needs), rows (drawn for the speed), seed, threads, limit_s (of
training). Prints a JSON object in its last line: seconds of training, passes over the table, rows a second, largest
resident memory in MB.
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


class Clock:
    """Seconds since training began."""

    def __init__(self):
        self.started = time.perf_counter()

    def seconds(self):
        return time.perf_counter() - self.started

    def is_over(self):
        return self.seconds() > trial["limit_s"]


def gan(name):
    import ctgan

    rows = table()
    make = getattr(ctgan, name)
    # The one is the new name of the other.
    gpu = "enable_gpu" if "enable_gpu" in inspect.signature(make).parameters else "cuda"
    model = make(epochs=trial.get("epochs", 300), **{gpu: False})
    model.set_random_state(trial["seed"])
    discrete = [column for column in rows.columns if not pd.api.types.is_numeric_dtype(rows[column])]
    clock = Clock()
    done = 0

    def until_over(epochs, **_):
        nonlocal done
        for epoch in epochs:
            if clock.is_over():
                return
            yield epoch
            done += 1

    # It has no callback, but goes through its epochs by this name.
    sys.modules[make.__module__].tqdm = until_over
    model.fit(rows, discrete)
    return clock.seconds(), done, model.sample


def mostlyai():
    from mostlyai import engine

    rows = table()
    folder = os.path.join(trial["folder"], "mostlyai")
    engine.set_random_state(trial["seed"])
    clock = Clock()
    engine.split(tgt_data=rows, workspace_dir=folder, model_type="TABULAR")
    engine.analyze(workspace_dir=folder)
    engine.encode(workspace_dir=folder)
    limit = {"max_epochs": trial["epochs"]} if "epochs" in trial else {}
    engine.train(workspace_dir=folder, device="cpu", max_training_time=trial["limit_s"] / 60, **limit)
    seconds = clock.seconds()
    progress = pd.read_csv(os.path.join(folder, "ModelStore", "model-data", "progress-messages.csv"))

    def draw(n):
        # Else some cells are "_RARE_", which no real row has and no score knows.
        engine.generate(
            workspace_dir=folder, sample_size=n, device="cpu", rare_category_replacement_method="SAMPLE"
        )
        return pd.read_parquet(os.path.join(folder, "SyntheticData"))

    return seconds, float(progress["epoch"].max()), draw


def realtabformer():
    import transformers
    from realtabformer import REaLTabFormer

    done = 0

    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            nonlocal done
            done = state.epoch
            if clock.is_over():
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
    clock = Clock()
    # Without its critic, which trains anew several times.
    model.fit(rows, device="cpu", n_critic=0)
    return clock.seconds(), done, lambda n: model.sample(n_samples=n, device="cpu")


def smote():
    """As the authors of TabDDPM made whole tables of it: as many new rows of each class as there are real ones."""
    from imblearn.over_sampling import SMOTE, SMOTENC

    rows = table()
    target = trial["target"]
    inputs = rows.drop(columns=target)
    numeric = [column for column in inputs.columns if pd.api.types.is_numeric_dtype(inputs[column])]
    others = [column for column in inputs.columns if column not in numeric]
    inputs[numeric] = inputs[numeric].astype(float).fillna(inputs[numeric].mean())
    inputs[others] = inputs[others].astype(object).fillna("")
    least, span = inputs[numeric].min(), (inputs[numeric].max() - inputs[numeric].min()).replace(0, 1)
    inputs[numeric] = (inputs[numeric] - least) / span
    counts = rows[target].value_counts()

    def draw(n):
        twice = {label: 2 * count for label, count in counts.items()}
        k = max(1, min(5, counts.min() - 1))
        common = {"sampling_strategy": twice, "k_neighbors": k, "random_state": trial["seed"]}
        make = SMOTENC(categorical_features=others, **common) if others else SMOTE(**common)
        drawn, labels = make.fit_resample(inputs, rows[target])
        drawn = drawn.iloc[len(rows) :].reset_index(drop=True)
        drawn[numeric] = drawn[numeric] * span + least
        for column in numeric:
            values = np.unique(rows[column].dropna())
            # Counts and codes stay whole, as with the authors; other numbers keep the decimals that the table has.
            if len(values) <= 32 and (values == values.round()).all():
                nearest = np.abs(drawn[column].to_numpy()[:, None] - values[None]).argmin(axis=1)
                drawn[column] = values[nearest]
            else:
                decimals = next(d for d in range(16) if np.allclose(values, values.round(d), rtol=0, atol=1e-9))
                drawn[column] = drawn[column].round(decimals)
        drawn[others] = drawn[others].replace("", None)
        drawn[target] = labels.iloc[len(rows) :].to_numpy()
        return drawn.sample(min(n, len(drawn)), random_state=trial["seed"])

    return 0.0, 0, draw


PEERS = {
    "tvae": lambda: gan("TVAE"),
    "ctgan": lambda: gan("CTGAN"),
    "mostlyai": mostlyai,
    "realtabformer": realtabformer,
    "smote": smote,
}

random.seed(trial["seed"])
np.random.seed(trial["seed"])
torch.manual_seed(trial["seed"])
torch.set_num_threads(trial["threads"])
train_seconds, epochs, draw = PEERS[trial["peer"]]()
n = min(len(table()), trial.get("most", sys.maxsize))
started = time.perf_counter()
rows = draw(n)
speed = n / (time.perf_counter() - started)
rows[list(table().columns)].to_csv(trial["scored"], index=False)
if trial["rows"] > n:
    started = time.perf_counter()
    drawn = len(draw(trial["rows"]))
    speed = drawn / (time.perf_counter() - started)
unit = 1024 * 1024 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(json.dumps({"train_s": train_seconds, "epochs": epochs, "rows_per_s": speed, "peak_memory": peak}))
