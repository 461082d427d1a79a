"""Risks by Anonymeter, written to reference/anonymeter.json, of the tables in reference/evaluate.json.

Python 3.11 with: anonymeter==1.1.0
    python anonymeter-risks.py
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator

HERE = Path(__file__).parent
REPEATS = 5


def risk_of(make):
    """The mean risk and bounds over repeats: Anonymeter draws its attacks at random."""
    risks = []
    for repeat in range(REPEATS):
        np.random.seed(repeat)
        risks.append(make(repeat).risk())
    return {
        "value": float(np.mean([risk.value for risk in risks])),
        "low": float(np.mean([risk.ci[0] for risk in risks])),
        "high": float(np.mean([risk.ci[1] for risk in risks])),
    }


def singling_out(train, table, control):
    def make(seed):
        evaluator = SinglingOutEvaluator(ori=train, syn=table, control=control, n_attacks=500, n_cols=3, seed=seed)
        return evaluator.evaluate(mode="multivariate")

    return risk_of(make)


def linkability(train, table, control):
    columns = list(train)
    halves = (columns[0::2], columns[1::2])

    def make(_):
        evaluator = LinkabilityEvaluator(
            ori=train, syn=table, control=control, aux_cols=halves, n_attacks=len(control), n_neighbors=1
        )
        return evaluator.evaluate(n_jobs=1)

    return risk_of(make)


def inference(train, table, control):
    def of(secret):
        def make(_):
            evaluator = InferenceEvaluator(
                ori=train,
                syn=table,
                control=control,
                aux_cols=[column for column in train if column != secret],
                secret=secret,
                regression=pd.api.types.is_numeric_dtype(train[secret]),
                n_attacks=len(control),
            )
            return evaluator.evaluate(n_jobs=1)

        return risk_of(make)

    return {secret: of(secret) for secret in train}


def main():
    reference = json.loads((HERE / "reference" / "evaluate.json").read_text())
    tables = {name: pd.DataFrame(rows) for name, rows in reference["tables"].items()}
    tables["copied"] = pd.DataFrame(reference["copied"])
    train, control = tables["train"], tables["test"]
    values = {
        name: {
            "singling-out": singling_out(train, tables[name], control),
            "linkability": linkability(train, tables[name], control),
            "attribute-inference": inference(train, tables[name], control),
        }
        for name in ("synthetic", "copied")
    }
    text = json.dumps(values, separators=(",", ":"))
    (HERE / "reference" / "anonymeter.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
