"""Reference values for the evaluation, written to reference/evaluate.json.

Python 3.11 with: numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.5.2 xgboost-cpu==2.1.4 sdmetrics==0.32.0
    python evaluate.py
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.single_column import KSComplement, TVComplement
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (accuracy_score, f1_score, matthews_corrcoef, mean_squared_error, r2_score,
                             roc_auc_score)
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

NUMBERS = ["age", "pay", "hours"]
CATEGORIES = ["job", "town"]
TARGETS = ["buys", "kind", "spends"]


def make_rows(n, seed, noise):
    """Rows of one population; `noise` shifts it, as an imperfect generator would."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    job = rng.choice(["clerk", "cook", "nurse", "smith"], n, p=[0.4, 0.3, 0.2, 0.1])
    town = rng.choice(["north", "south"], n)
    base = pd.Series(job).map({"clerk": 20, "cook": 15, "nurse": 30, "smith": 25}).to_numpy()
    pay = np.round(base + 0.2 * age + rng.normal(0, 4 + noise, n), 1)
    hours = np.round(rng.gamma(4, 8 + noise, n))
    score = 0.1 * (pay - 30) + 0.03 * (hours - 32) + (town == "north") + rng.normal(0, 0.7 + noise / 4, n)
    rows = pd.DataFrame({"age": age, "pay": pay, "hours": hours, "job": job, "town": town})
    rows["buys"] = np.where(score > 0.5, "yes", "no")
    rows["kind"] = np.where(score > 1, "c", np.where(score > -0.3, "b", "a"))
    rows["spends"] = np.round(50 + 20 * score + rng.normal(0, 5, n), 2)
    return rows


def features(train, rows):
    scaled = StandardScaler().fit(train[NUMBERS]).transform(rows[NUMBERS])
    hot = [(rows[c] == v).to_numpy(float) for c in CATEGORIES for v in sorted(train[c].unique())]
    return np.column_stack([scaled, *hot])


def classification(train, fitted, test, target):
    names = sorted(train[target].unique())
    y, truth = (rows[target].map(names.index).to_numpy() for rows in (fitted, test))
    learners = {
        "logistic-regression": LogisticRegression(max_iter=1000),
        "xgboost": XGBClassifier(n_estimators=100, max_depth=5, learning_rate=0.1, tree_method="hist"),
    }
    result = {}
    for name, learner in learners.items():
        probabilities = learner.fit(features(train, fitted), y).predict_proba(features(train, test))
        predicted = probabilities.argmax(axis=1)
        scores = probabilities[:, 1] if len(names) == 2 else probabilities
        result[f"{name}-f1"] = f1_score(truth, predicted, average="weighted")
        result[f"{name}-accuracy"] = accuracy_score(truth, predicted)
        result[f"{name}-auc"] = roc_auc_score(truth, scores, multi_class="ovr", average="weighted")
        result[f"{name}-mcc"] = matthews_corrcoef(truth, predicted)
    return result


def regression(train, fitted, test, target):
    learners = {
        "logistic-regression": Ridge(alpha=1.0),
        "xgboost": XGBRegressor(n_estimators=100, max_depth=5, learning_rate=0.1, tree_method="hist"),
    }
    result = {}
    for name, learner in learners.items():
        predicted = learner.fit(features(train, fitted), fitted[target]).predict(features(train, test))
        result[f"{name}-r2"] = r2_score(test[target], predicted)
        result[f"{name}-rmse"] = mean_squared_error(test[target], predicted) ** 0.5
    return result


def is_number(column):
    return column in NUMBERS or column == "spends"


def shapes(real, synthetic):
    metric = {c: KSComplement if is_number(c) else TVComplement for c in real}
    return {c: metric[c].compute(real[c], synthetic[c]) for c in real}


def trends(real, synthetic):
    result = []
    for a, b in combinations(real.columns, 2):
        x, y = real[[a, b]].copy(), synthetic[[a, b]].copy()
        if is_number(a) and is_number(b):
            score = CorrelationSimilarity.compute(x, y)
        else:
            # one set of bin edges for both tables, taken from the real one
            score = ContingencySimilarity.compute(x, y, continuous_column_names=[c for c in (a, b) if is_number(c)] or None)
        result.append({"columns": [a, b], "score": score})
    return result


def main():
    train, test, synthetic = make_rows(400, 1, 0), make_rows(300, 2, 0), make_rows(350, 3, 1.5)
    tables = {"train": train, "test": test, "synthetic": synthetic}
    learning = {
        target: {
            name: (regression if target == "spends" else classification)(train, rows, test, target)
            for name, rows in (("real", train), ("synthetic", synthetic))
        }
        for target in TARGETS
    }
    values = {
        "tables": {name: rows.to_dict(orient="list") for name, rows in tables.items()},
        "shapes": shapes(train, synthetic),
        "trends": trends(train, synthetic),
        "learning": learning,
    }
    text = json.dumps(values, separators=(",", ":"), default=float)
    (Path(__file__).parent / "reference" / "evaluate.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
