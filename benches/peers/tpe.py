"""Searches by Optuna's TPESampler(multivariate=True, group=True), everything else at its defaults.

    python tpe.py

says `ready VERSION`. After that every line `FUNCTION TRIALS SEED` of standard input is answered by one line: the lowest
value that a search of so many trials found, as JSON in a list. Ends with its input.

The functions are those of `ensue_tune::functions`, by the same names. `acceptance tpe-functions` asks.
"""

import json
import math
import sys
import warnings

import optuna

HARTMANN_ALPHA = [1.0, 1.2, 3.0, 3.2]
HARTMANN_A = [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
]
HARTMANN_P = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]


def point(trial, low, high, axes):
    return [trial.suggest_float(f"x{i}", low, high) for i in range(1, axes + 1)]


def branin(trial):
    x, y = trial.suggest_float("x1", -5, 10), trial.suggest_float("x2", 0, 15)
    bowl = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann6(trial):
    x = point(trial, 0, 1, 6)
    return -sum(
        alpha * math.exp(-sum(a * (v - p) ** 2 for a, v, p in zip(row, x, centre)))
        for alpha, row, centre in zip(HARTMANN_ALPHA, HARTMANN_A, HARTMANN_P)
    )


def rosenbrock10(trial):
    x = point(trial, -5, 10, 10)
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def models(trial):
    model = trial.suggest_categorical("model", ["linear", "tree", "network"])
    rate = math.log10(trial.suggest_float("rate", 1e-5, 1, log=True))
    value = 0.5 * (rate + 2.5) ** 2
    if model == "linear":
        penalty = trial.suggest_float("penalty", 1e-6, 100, log=True)
        return value + 0.8 + 0.2 * (math.log10(penalty) + 1) ** 2
    if model == "tree":
        depth = trial.suggest_int("depth", 1, 16)
        leaf = trial.suggest_int("leaf", 1, 512, log=True)
        return value + 0.4 + ((depth - 7) / 4) ** 2 + (math.log(leaf / 20) / 2) ** 2
    layers = trial.suggest_int("layers", 1, 8)
    dropout = trial.suggest_float("dropout", 0, 0.9)
    return value + (layers - 3) ** 2 / 4 + 4 * (dropout - 0.25) ** 2


FUNCTIONS = {f.__name__: f for f in (branin, hartmann6, rosenbrock10, models)}


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")  # `group` is called experimental
    print(f"ready {optuna.__version__}", flush=True)
    for line in sys.stdin:
        function, trials, seed = line.split()
        sampler = optuna.samplers.TPESampler(multivariate=True, group=True, seed=int(seed))
        study = optuna.create_study(sampler=sampler)
        study.optimize(FUNCTIONS[function], n_trials=int(trials))
        print(json.dumps([study.best_value]), flush=True)


if __name__ == "__main__":
    main()
