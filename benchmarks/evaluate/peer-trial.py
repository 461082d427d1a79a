"""One process of a peer: its scores of a synthetic table, timed without reading the files.

Usage: peer-trial.py JSON, with the settings of benchmark.ts. Prints a JSON object: metric -> values.
"""

import json
import resource
import sys
import time

import numpy as np
import pandas as pd

trial = json.loads(sys.argv[1])
train, holdout, synthetic = (pd.read_csv(trial["paths"][role]) for role in ("train", "holdout", "synthetic"))


def sdmetrics():
    from sdmetrics.reports.single_table import DiagnosticReport, QualityReport
    from sdmetrics.single_table import NewRowSynthesis

    columns = {
        name: {"sdtype": "categorical" if train[name].dtype == object else "numerical"} for name in train.columns
    }
    metadata = {"columns": columns}
    begin = time.perf_counter()
    QualityReport().generate(train, synthetic, metadata, verbose=False)
    DiagnosticReport().generate(train, synthetic, metadata, verbose=False)
    NewRowSynthesis.compute(train, synthetic, metadata, synthetic_sample_size=trial["newRows"])
    return time.perf_counter() - begin


def anonymeter():
    from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator

    np.random.seed(0)
    attacks, cores = trial["attacks"], trial["threads"]
    tables = {"ori": train, "syn": synthetic, "control": holdout, "n_attacks": attacks}
    names = list(train.columns)
    begin = time.perf_counter()
    SinglingOutEvaluator(**tables, n_cols=3, seed=0).evaluate(mode="multivariate").risk()
    halves = (names[0::2], names[1::2])
    LinkabilityEvaluator(**tables, aux_cols=halves, n_neighbors=1).evaluate(n_jobs=cores).risk()
    for secret in names:
        others = [name for name in names if name != secret]
        regression = train[secret].dtype != object
        evaluator = InferenceEvaluator(**tables, aux_cols=others, secret=secret, regression=regression)
        evaluator.evaluate(n_jobs=cores).risk()
    return time.perf_counter() - begin


seconds = {"sdmetrics": sdmetrics, "anonymeter": anonymeter}[trial["peer"]]()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": [seconds], "peak_memory": [peak]}))
