"""What statsforecast's AutoETS says of eight made-up series.

    python ets_golden.py > ../../crates/ensue-forecast/src/algorithms/ets/golden.json

Each series has 40 to 72 values; its forecast goes 6 steps. `aicc` and `model` are what it chooses by and what it chose, `mean` and
`high` its mean and 90 % quantile.
"""

import json

import numpy as np
import statsforecast
from statsforecast.models import AutoETS

HORIZON = 6


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


def main():
    out = []
    for season, values in series():
        values = np.array([float(f"{value:.6g}") for value in values])
        ets = AutoETS(season_length=season).fit(values)
        forecast = ets.predict(HORIZON, level=[80])
        out.append(
            {
                "season": season,
                "values": values.tolist(),
                "model": ets.model_["components"],
                "aicc": float(ets.model_["aicc"]),
                "mean": forecast["mean"].tolist(),
                "high": forecast["hi-80"].tolist(),
            }
        )
    command = "python benches/peers/ets_golden.py"
    rows = ",\n".join(json.dumps(entry) for entry in out)
    print(f'{{"made_by": "{command}, statsforecast {statsforecast.__version__}", "series": [\n{rows}\n]}}')


main()
