"""Scores of scikit-learn's and XGBoost's learners on real tables, settings as GridSearchCV chooses them, and the
original's MLE, written to reference/learners.json.

Python 3.11 with: numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.5.2 xgboost-cpu==2.1.4 sdmetrics==0.32.0
    python learners.py FOLDER
FOLDER holds german, adult, diabetes and buddy, each with train.csv and test.csv.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from evaluate import SEEDS, classification_score, encode_alone, mean_over_seeds, regression_score
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, matthews_corrcoef
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.svm import SVC, SVR, LinearSVC
from xgboost import XGBClassifier, XGBRegressor

HERE = Path(__file__).parent
MAX_KERNEL_ROWS = 5000
MISSING = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NaT", "null", "NULL", "None"]

# target, first rows of train and of test
TABLES = {
    "german": ("status", 700, 200),
    "adult": ("class", 6000, 3000),
    "diabetes": ("Outcome", 491, 154),
    "buddy": ("breed_category", 2000, 1000),
    "example": ("Outcome", 568, 200),
    "example-regression": ("Glucose", 568, 200),
}

# Names of settings as ours, in the order of our grid.
NAMES = {
    "n_estimators": {"random-forest": "trees", "xgboost": "rounds"},
    "max_depth": {"random-forest": "depth", "xgboost": "depth"},
    "min_samples_split": {"random-forest": "minSplit"},
    "learning_rate": {"xgboost": "learningRate"},
    "C": {"logistic-regression": "C", "svm": "C"},
}


def read(folder, name):
    """All rows of train and of test, as texts; the example's last 200 rows are its test."""
    if name.startswith("example"):
        rows = pd.read_csv(HERE.parent.parent / "examples" / "diabetes.csv", dtype=str, keep_default_na=False)
        return rows[:-200], rows[-200:]
    return [pd.read_csv(folder / name / f"{part}.csv", dtype=str, keep_default_na=False) for part in ("train", "test")]


def encode(train, test, whole, target):
    """Features as ours: numbers scaled by train, with an indicator where it misses some; categories of all rows one-hot."""
    x, z, numbers = [], [], []
    for column in train.columns.drop(target):
        present = whole[column][~whole[column].isin(MISSING)]
        if pd.to_numeric(present, errors="coerce").notna().all():
            numbers.append(column)
            a, b = (pd.to_numeric(rows[column].where(~rows[column].isin(MISSING))) for rows in (train, test))
            mean, deviation = a.mean(), a.std(ddof=0) or 1
            for out, rows in ((x, a), (z, b)):
                out.append(((rows - mean) / deviation).fillna(0).to_numpy())
                if a.isna().any():
                    out.append(rows.isna().to_numpy(float))
            continue
        # one more for missing cells, which is constant where there are none
        for value in [*sorted(whole[column].unique()), None]:
            for out, rows in ((x, train), (z, test)):
                out.append((rows[column] == value).to_numpy(float))
    return np.column_stack(x), np.column_stack(z), numbers


def classifiers(n):
    return {
        "logistic-regression": lambda seed: LogisticRegression(max_iter=5000),
        "svm": lambda seed: LinearSVC(dual=False, max_iter=10000) if n > MAX_KERNEL_ROWS else SVC(),
        "random-forest": lambda seed: RandomForestClassifier(random_state=seed),
        "xgboost": lambda seed: XGBClassifier(n_estimators=100, max_depth=5, learning_rate=0.1, tree_method="hist", random_state=seed),
    }


REGRESSORS = {
    "logistic-regression": lambda seed: Ridge(alpha=1.0),
    "svm": lambda seed: SVR(),
    "random-forest": lambda seed: RandomForestRegressor(max_features=1 / 3, random_state=seed),
    "xgboost": lambda seed: XGBRegressor(n_estimators=100, max_depth=5, learning_rate=0.1, tree_method="hist", random_state=seed),
}


def seeds_of(n_test):
    """The fewer rows to test on, the more seeds it takes until the mean of forests stands still."""
    return range(25 if n_test < 500 else 5)


def scores_of(folder, name):
    target, n_train, n_test = TABLES[name]
    train, test = read(folder, name)
    whole = pd.concat([train, test])
    train, test = train[:n_train], test[:n_test]
    x, z, numbers = encode(train, test, whole, target)
    if name.endswith("regression"):
        makers = REGRESSORS
        score = regression_score(x, train[target].astype(float).to_numpy(), z, test[target].astype(float).to_numpy())
    else:
        makers = classifiers(n_train)
        classes = sorted(whole[target].unique())
        y, truth = (rows[target].map(classes.index).to_numpy() for rows in (train, test))
        score = classification_score(x, y, z, truth, len(classes))
    print(name, x.shape, flush=True)
    scores = {
        f"{learner}-{key}": value
        for learner, make in makers.items()
        for key, value in mean_over_seeds(make, score, seeds_of(n_test)).items()
    }
    rows = {"train": n_train, "test": n_test}
    return {"target": target, **rows, "seeds": len(seeds_of(n_test)), "numbers": numbers, "scores": scores}


def grids():
    """The paper's settings; the linear machine is liblinear's, with its squared hinge, as ours."""
    forest = {"n_estimators": [10, 50, 100, 200], "max_depth": [None, 10, 20, 30], "min_samples_split": [2, 5, 10]}
    trees = {"n_estimators": [10, 50, 100], "learning_rate": [0.01, 0.05, 0.1], "max_depth": [3, 5, 7, 10]}
    return {
        "logistic-regression": [(LogisticRegression(max_iter=5000), {"C": [1e-3, 1e-2, 0.1, 1, 10, 100]})],
        "svm": [(LinearSVC(dual=False, max_iter=10000), {"C": [0.5, 1]}), (SVC(), {"C": [0.5, 1]})],
        "random-forest": [(RandomForestClassifier(random_state=0), forest)],
        "xgboost": [(XGBClassifier(tree_method="hist", random_state=0), trees)],
    }


def search(x, y):
    """Each learner's settings with their mean weighted F1 over five folds (row number modulo 5), and the best learner."""
    folds = PredefinedSplit(np.arange(len(y)) % 5)
    results, best = {}, {}
    for learner, choices in grids().items():
        results[learner] = []
        searches = [GridSearchCV(model, grid, scoring="f1_weighted", cv=folds, n_jobs=2).fit(x, y) for model, grid in choices]
        for found in searches:
            for setting, score in zip(found.cv_results_["params"], found.cv_results_["mean_test_score"]):
                named = {NAMES[key][learner]: value for key, value in setting.items() if value is not None}
                kind = {LinearSVC: "svm-linear", SVC: "svm-rbf"}.get(type(found.estimator), learner)
                results[learner].append({"learner": kind, "parameters": named, "score": score})
        best[learner] = max(searches, key=lambda found: found.best_score_).best_estimator_
    return results, best


def original_learning(train, table, test):
    """The original's MLE, transcribed: each table in an encoding of its own, tuned learners, mean weighted F1 and MCC."""
    names = sorted(train["buys"].unique())
    y = {key: rows["buys"].map(names.index).to_numpy() for key, rows in (("train", train), ("table", table), ("test", test))}
    x = {key: encode_alone(rows.drop(columns="buys")) for key, rows in (("train", train), ("table", table), ("test", test))}
    grid, best = search(x["train"], y["train"])
    f1, mcc = [], []
    for learner, model in best.items():
        for seed in SEEDS if learner in ("random-forest", "xgboost") else [None]:
            fitted = type(model)(**{**model.get_params(), **({} if seed is None else {"random_state": seed})})
            said = fitted.fit(x["table"], y["table"]).predict(x["test"])
            weight = 1 if seed is None else 1 / len(SEEDS)
            f1.append((f1_score(y["test"], said, average="weighted"), weight))
            mcc.append((matthews_corrcoef(y["test"], said), weight))
    mean = lambda pairs: float(sum(value * weight for value, weight in pairs) / len(best))
    return grid, {"value": mean(f1), "mcc": mean(mcc)}


def main():
    folder = Path(sys.argv[1])
    reference = json.loads((HERE / "reference" / "evaluate.json").read_text())["tables"]
    rows = {name: pd.DataFrame(table).drop(columns=["kind", "spends"])[:250] for name, table in reference.items()}
    grid, original = original_learning(rows["train"], rows["synthetic"], rows["test"])
    values = {"grid": grid, "original": original, "tables": {name: scores_of(folder, name) for name in TABLES}}
    (HERE / "reference" / "learners.json").write_text(json.dumps(values, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
