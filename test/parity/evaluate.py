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
from sdmetrics.reports.single_table import QualityReport
from sdmetrics.single_table import NewRowSynthesis
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (accuracy_score, f1_score, matthews_corrcoef, mean_squared_error, r2_score,
                             roc_auc_score)
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from xgboost import XGBClassifier, XGBRegressor

NUMBERS = ["age", "pay", "hours"]
CATEGORIES = ["job", "town"]
TARGETS = ["buys", "kind", "spends"]
SEEDS = range(5)


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


def mean_over_seeds(make, score, seeds=SEEDS):
    """The mean of each score over seeds: forests and boosting differ from one to the next."""
    results = [score(make(seed)) for seed in seeds]
    return {key: float(np.mean([result[key] for result in results])) for key in results[0]}


def classification(train, fitted, test, target):
    names = sorted(train[target].unique())
    y, truth = (rows[target].map(names.index).to_numpy() for rows in (fitted, test))
    x, z = features(train, fitted), features(train, test)
    learners = {
        "logistic-regression": lambda seed: LogisticRegression(max_iter=1000),
        "svm": lambda seed: SVC(),
        "random-forest": lambda seed: RandomForestClassifier(random_state=seed),
        "xgboost": lambda seed: XGBClassifier(n_estimators=100, max_depth=5, learning_rate=0.1, tree_method="hist", random_state=seed),
    }

    score = classification_score(x, y, z, truth, len(names))
    return {f"{name}-{key}": value for name, make in learners.items() for key, value in mean_over_seeds(make, score).items()}


def classification_score(x, y, z, truth, k):
    """What scores a learner fitted on x and y by its predictions for z, of k classes."""

    def score(learner):
        learner.fit(x, y)
        predicted = learner.predict(z)
        has_decisions = hasattr(learner, "decision_function") and not hasattr(learner, "predict_proba")
        scores = learner.decision_function(z) if has_decisions else learner.predict_proba(z)
        if k == 2 and scores.ndim == 2:
            scores = scores[:, 1]
        if scores.ndim == 1:
            area = roc_auc_score(truth, scores)
        else:
            # each class against the rest: roc_auc_score refuses scores that are no probabilities
            areas = [roc_auc_score(truth == c, scores[:, c]) for c in range(k)]
            area = np.average(areas, weights=np.bincount(truth, minlength=k))
        return {
            "f1": f1_score(truth, predicted, average="weighted"),
            "accuracy": accuracy_score(truth, predicted),
            "auc": area,
            "mcc": matthews_corrcoef(truth, predicted),
        }

    return score


def regression(train, fitted, test, target):
    x, z = features(train, fitted), features(train, test)
    learners = {
        "logistic-regression": lambda seed: Ridge(alpha=1.0),
        "svm": lambda seed: SVR(),
        "random-forest": lambda seed: RandomForestRegressor(max_features=1 / 3, random_state=seed),
        "xgboost": lambda seed: XGBRegressor(n_estimators=100, max_depth=5, learning_rate=0.1, tree_method="hist", random_state=seed),
    }

    score = regression_score(x, fitted[target], z, test[target])
    return {f"{name}-{key}": value for name, make in learners.items() for key, value in mean_over_seeds(make, score).items()}


def regression_score(x, y, z, truth):
    """What scores a learner fitted on x and y, scaled to mean 0 and deviation 1, by its predictions for z."""
    mean, deviation = np.mean(y), np.std(y)

    def score(learner):
        predicted = mean + deviation * learner.fit(x, (y - mean) / deviation).predict(z)
        return {"r2": r2_score(truth, predicted), "rmse": mean_squared_error(truth, predicted) ** 0.5}

    return score


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


def metadata(rows):
    return {"columns": {c: {"sdtype": "numerical" if is_number(c) else "categorical"} for c in rows}}


def report(real, synthetic):
    """The two scores of SDMetrics' QualityReport; its pair trends count pairs above a threshold only."""
    quality = QualityReport()
    quality.generate(real, synthetic, metadata(real), verbose=False)
    return dict(quality.get_properties().to_numpy().tolist())


def copied(real, synthetic):
    """The synthetic rows, every fourth a training row of which a number was moved by up to two per cent."""
    rng = np.random.default_rng(4)
    rows = synthetic.copy()
    for i in range(0, len(rows), 4):
        rows.iloc[i] = real.iloc[i]
        rows.loc[rows.index[i], "hours"] = np.round(real["hours"].iloc[i] * rng.uniform(0.98, 1.02))
    return rows.astype(real.dtypes)


def encode_alone(rows):
    """The original's features: labels and scales of each table's own."""
    labels = rows.copy()
    for column in rows:
        if not is_number(column):
            labels[column] = LabelEncoder().fit_transform(rows[column])
    return StandardScaler().fit_transform(labels)


def original_distances(real, synthetic):
    """The original's DCR and NNDR, transcribed: 5th percentiles of real to synthetic, within real, within synthetic."""
    a, b = encode_alone(real), encode_alone(synthetic)

    def percentiles(points, queries, skip):
        distances, _ = NearestNeighbors(n_neighbors=2 + skip, algorithm="brute").fit(points).kneighbors(queries)
        nearest, second = distances[:, skip], distances[:, skip + 1]
        return float(np.percentile(nearest, 5)), float(np.percentile(nearest / second, 5))

    between, real_real, synthetic_synthetic = percentiles(b, a, 0), percentiles(a, a, 1), percentiles(b, b, 1)
    return {
        "between": between[0],
        "real": real_real[0],
        "synthetic": synthetic_synthetic[0],
        "value": float(np.mean([between[0], real_real[0], synthetic_synthetic[0]])),
        "ratio-between": between[1],
        "ratio-real": real_real[1],
        "ratio-synthetic": synthetic_synthetic[1],
    }


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
        "report": report(train, synthetic),
        "copied": copied(train, synthetic).to_dict(orient="list"),
        "newRows": {
            name: NewRowSynthesis.compute(train, rows, metadata(train))
            for name, rows in (("synthetic", synthetic), ("copied", copied(train, synthetic)))
        },
        "original": original_distances(train, synthetic),
        "learning": learning,
    }
    text = json.dumps(values, separators=(",", ":"), default=float)
    (Path(__file__).parent / "reference" / "evaluate.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
