"""Tables completed by a peer.

Usage: peer.py JSON, with the settings of peer.ts: peer, settings, train (CSV to learn from), numbers (names of the columns
of numbers), holes (CSVs with empty cells), filled (CSVs to write). Prints a JSON object in its last line: seconds of each
table, largest resident memory in MB.
"""

import json
import resource
import sys
import time

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import IterativeImputer, KNNImputer

trial = json.loads(sys.argv[1])
settings = trial["settings"]


def table(path):
    # The words "nan" and "NA" are values like others; an empty cell is none.
    rows = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    rows[trial["numbers"]] = rows[trial["numbers"]].astype(float)
    return rows


class Matrix:
    """Rows as numbers: those of the table standardised, categories as columns of 0 and 1."""

    def __init__(self, rows):
        self.rows = rows
        self.numbers = {name: (rows[name].mean(), rows[name].std(ddof=0)) for name in trial["numbers"]}
        self.values = {name: sorted(rows[name].dropna().unique()) for name in rows if name not in self.numbers}

    def encode(self, rows):
        columns = []
        for name in self.rows:
            if name in self.numbers:
                mean, deviation = self.numbers[name]
                columns.append((rows[name].to_numpy() - mean) / deviation)
                continue
            for value in self.values[name]:
                is_value = (rows[name] == value).to_numpy(float)
                columns.append(np.where(rows[name].isna(), np.nan, is_value))
        return np.stack(columns, axis=1)

    def fill(self, rows, matrix):
        filled = rows.copy()
        at = 0
        for name in self.rows:
            missing = rows[name].isna().to_numpy()
            if name in self.numbers:
                mean, deviation = self.numbers[name]
                filled.loc[missing, name] = (matrix[:, at] * deviation + mean)[missing]
                at += 1
                continue
            values = np.array(self.values[name], dtype=object)
            best = matrix[:, at : at + len(values)].argmax(axis=1)
            filled.loc[missing, name] = values[best][missing]
            at += len(values)
        return filled


def floor(train):
    """The commonest category, and the mean or the median of a number."""
    middle = train[trial["numbers"]].median() if settings["median"] else train[trial["numbers"]].mean()
    commonest = train.drop(columns=trial["numbers"]).mode().iloc[0]
    return lambda holes: holes.fillna({**middle, **commonest})


def knn(train):
    matrix = Matrix(train)
    imputer = KNNImputer(n_neighbors=settings["k"]).fit(matrix.encode(train))
    return lambda holes: matrix.fill(holes, imputer.transform(matrix.encode(holes)))


def mice(train):
    """Chained regressions of the rows to learn and the rows with holes together, which go through their rounds together."""
    learnt = train.sample(min(settings["learnt"], len(train)), random_state=0)
    matrix = Matrix(learnt)
    model = HistGradientBoostingRegressor(max_iter=settings["trees"]) if settings["trees"] else None
    imputer = IterativeImputer(model, max_iter=settings["rounds"], random_state=0)
    known = matrix.encode(learnt)
    return lambda holes: matrix.fill(
        holes, imputer.fit_transform(np.concatenate([known, matrix.encode(holes)]))[len(known) :]
    )


started = time.perf_counter()
complete = {"floor": floor, "knn": knn, "mice": mice}[trial["peer"]](table(trial["train"]))
seconds = []
for holes, filled in zip(trial["holes"], trial["filled"]):
    complete(table(holes)).to_csv(filled, index=False)
    seconds.append(time.perf_counter() - started)
    started = time.perf_counter()
unit = 1024 * 1024 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(json.dumps({"seconds": seconds, "peak_memory": peak}))
