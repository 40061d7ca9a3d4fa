"""What statsforecast's DynamicOptimizedTheta says of nine made-up series.

    python theta_golden.py > ../../crates/ensue-forecast/tests/golden/theta.json

Each series has 40 to 72 values; its forecast goes 6 steps. `squares` is the objective of its search (the sum of squared errors
after the third, by the mean of the values' sizes), `mean` the forecast, `deviation` the standard deviation of 20,000 paths that
it samples.
"""

import json

import numpy as np
import statsforecast
from statsforecast.models import DynamicOptimizedTheta
from statsforecast.theta import simulate_theta

HORIZON = 6
PATHS = 20_000


def series():
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.normal(0, 1, 60))
    t = np.arange(72)
    yield 1, 100 + walk
    yield 1, 20 + np.arange(50) * 0.7 + rng.normal(0, 2, 50)
    yield 1, 1e6 * np.exp(0.02 * np.arange(40) + rng.normal(0, 0.05, 40))
    yield 1, rng.poisson(0.7, 48).astype(float)
    yield 1, walk - 5
    yield 12, (50 + t) * (1 + 0.3 * np.sin(t * np.pi / 6)) * np.exp(rng.normal(0, 0.03, 72))
    yield 12, 30 + 5 * np.cos(t * np.pi / 6) + rng.normal(0, 1, 72)
    yield 4, -10 + 3 * (t[:48] % 4) + np.cumsum(rng.normal(0, 0.5, 48))
    yield 4, 40 + np.cumsum(rng.normal(0, 1, 60))


def main():
    out = []
    for season, values in series():
        values = np.array([float(f"{value:.6g}") for value in values])
        model = DynamicOptimizedTheta(season_length=season).fit(values)
        paths = simulate_theta(model.model_, HORIZON, PATHS, seed=1)
        out.append(
            {
                "season": season,
                "values": values.tolist(),
                "squares": float(model.model_["mse"]),
                "mean": model.predict(HORIZON)["mean"].tolist(),
                "deviation": [float(f"{value:.6g}") for value in paths.std(axis=0)],
            }
        )
    command = "python benches/peers/theta_golden.py"
    rows = ",\n".join(json.dumps(entry) for entry in out)
    print(f'{{"made_by": "{command}, statsforecast {statsforecast.__version__}", "series": [\n{rows}\n]}}')


main()
