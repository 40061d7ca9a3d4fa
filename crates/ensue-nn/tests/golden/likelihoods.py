"""Golden numbers of the likelihoods: densities, CRPS, quantiles and moments, by SciPy.

Run, with SciPy and mpmath installed, from this folder:

    python likelihoods.py > likelihoods.json

Every case starts from raw outputs of the linear head, so the way from them to the parameters is
checked too. A density is SciPy's, but stored as mpmath gives it in 40 digits; the two must agree to
1e-6, or the script fails. Only of a negative binomial with very large counts or next to no
overdispersion does SciPy lose more than that, and mpmath stands alone.
"""

import itertools
import json
import math

import mpmath as mp
import numpy as np
from scipy import integrate, stats

mp.mp.dps = 40
SIGMA_FLOOR, COUNT_FLOOR, SHAPE_FLOOR, SLOPE_FLOOR = 1e-4, 1e-8, 1e-4, 1e-6
PIECES = 20


def softplus(x):
    return float(np.logaddexp(0.0, x))


def inverse_softplus(y):
    return float(y + math.log(-math.expm1(-y)))


def checked(scipy_value, exact):
    exact = float(exact)
    assert abs(scipy_value - exact) <= 1e-6 * max(1.0, abs(exact)), (scipy_value, exact)
    return exact


def student(raw, y, scale):
    mu, sigma, df = raw[0] * scale, (softplus(raw[1]) + SIGMA_FLOOR) * scale, 2 + softplus(raw[2])
    z, n = (mp.mpf(y) - mu) / sigma, mp.mpf(df)
    exact = (
        mp.loggamma((n + 1) / 2) - mp.loggamma(n / 2) - mp.log(n * mp.pi) / 2 - mp.log(sigma)
        - (n + 1) / 2 * mp.log1p(z * z / n)
    )
    return -checked(stats.t.logpdf(y, df, mu, sigma), exact)


def gaussian(raw, y, scale):
    mu, sigma = raw[0] * scale, (softplus(raw[1]) + SIGMA_FLOOR) * scale
    z = (mp.mpf(y) - mu) / sigma
    return -checked(
        stats.norm.logpdf(y, mu, sigma), -z * z / 2 - mp.log(sigma) - mp.log(2 * mp.pi) / 2
    )


def counts(raw, scale):
    mean = scale * (softplus(raw[0]) + COUNT_FLOOR)
    return mean, math.sqrt(scale) / (softplus(raw[1]) + COUNT_FLOOR)


def negative_binomial(raw, y, scale):
    mean, r = map(mp.mpf, counts(raw, scale))
    exact = (
        mp.loggamma(y + r) - mp.loggamma(r) - mp.loggamma(y + 1)
        - r * mp.log1p(mean / r) + y * mp.log(mean / (r + mean))
    )
    p = r / (r + mean)
    # SciPy subtracts logarithms of gamma functions, and takes p in double precision.
    if max(r, y) > 1e5 or r > 1e5 * mean:
        return -float(exact)
    return -checked(stats.nbinom.logpmf(y, float(r), float(p)), exact)


def beta(raw, y, _scale):
    a, b = (softplus(x) + SHAPE_FLOOR for x in raw)
    exact = (
        mp.loggamma(mp.mpf(a) + b) - mp.loggamma(a) - mp.loggamma(b)
        + (mp.mpf(a) - 1) * mp.log(y) + (mp.mpf(b) - 1) * mp.log1p(-mp.mpf(y))
    )
    return -checked(stats.beta.logpdf(y, a, b), exact)


def knots(raw):
    slopes = np.array([softplus(x) + SLOPE_FLOOR for x in raw[1 : PIECES + 1]])
    e = np.exp(np.array(raw[PIECES + 1 :]) - max(raw[PIECES + 1 :]))
    levels = np.concatenate([[0], np.cumsum(e / e.sum())])
    return levels, np.concatenate([[0], np.cumsum(slopes * np.diff(levels))]) + raw[0]


def crps(raw, y, scale):
    """Integral over levels of twice the quantile loss, in units of the scale."""
    levels, values = knots(raw)
    t = y / scale
    total = 0.0
    for low, high in zip(levels[:-1], levels[1:]):
        crossing = np.interp(t, values, levels)
        for a, b in ((low, min(max(crossing, low), high)), (min(max(crossing, low), high), high)):
            def loss(level):
                q = np.interp(level, levels, values)
                return 2 * (float(t < q) - level) * (q - t)
            total += integrate.quad(loss, a, b, epsabs=1e-13, epsrel=1e-12)[0] if b > a else 0.0
    return total


def densities():
    wide = [-50.0, -4.0, 0.0, 3.0, 50.0]
    scales = [1e-6, 1.0, 250.0, 1e9]
    steps = [0.0, 1.0, -2.5, 40.0]
    big = [inverse_softplus(1e3), 1e6]
    rng = np.random.default_rng(4)
    out = {name: [] for name in ("student-T", "gaussian", "negative-binomial", "beta", "piecewise-linear")}

    def add(name, one, raw, y, scale):
        out[name].append({"raw": raw, "scale": scale, "y": y, "loss": one(raw, y, scale)})

    for mu, sigma, scale, step in itertools.product([0.0, -3.0], wide, scales, steps):
        y = scale * (mu + step * (softplus(sigma) + SIGMA_FLOOR))
        add("gaussian", gaussian, [mu, sigma], y, scale)
        for df in [-50.0, 0.0, 20.0, *big]:
            if (scale in (1.0, 250.0)) or sigma == 0.0:
                add("student-T", student, [mu, sigma, df], y, scale)
    add("gaussian", gaussian, [0.0, 0.0], 1e9, 1.0)
    add("student-T", student, [0.0, 0.0, 0.0], 1e9, 1.0)
    for level, spread, scale in itertools.product([-8.0, 0.0, 2.0, 50.0], [-20.0, -13.8, -2.0, 0.5, 50.0], [1e-6, 0.3, 1.0, 40.0, 1e9]):
        mean = counts([level, spread], scale)[0]
        for y in sorted({0.0, 1.0, 7.0, float(round(mean)), float(round(2 * mean)), 1e9}):
            if y <= 1e9:
                add("negative-binomial", negative_binomial, [level, spread], y, scale)
    for a, b, y in itertools.product([-50.0, -3.0, 0.0, 5.0, 50.0, 1e6], [-3.0, 0.0, 7.0, 1e6], [1e-5, 0.1, 0.5, 0.97, 0.99999]):
        add("beta", beta, [a, b], y, 3.0)
    for case in range(24):
        raw = rng.normal(size=1 + 2 * PIECES) * (0.5 if case < 12 else 4.0)
        raw = [round(float(x), 3) for x in raw]
        scale = [1e-6, 1.0, 250.0, 1e9][case % 4]
        levels, values = knots(raw)
        inside = values[0] + (values[-1] - values[0]) * rng.uniform()
        for t in (inside, values[0] - 1.5, values[-1] + 2.0, raw[0]):
            add("piecewise-linear", crps, raw, float(t) * scale, scale)
    return out


def moments(name, raw, scale, law, grid):
    mean, variance, kurtosis = (float(x) for x in law.stats(moments="mvk"))
    fourth = (kurtosis + 3) * variance**2
    known = math.isfinite(fourth) and math.isfinite(variance)
    return {
        "name": name, "raw": raw, "scale": scale, "mean": mean,
        "variance": variance if known else None, "fourth": fourth if known else None,
        "cdf": [[float(x), float(law.cdf(x))] for x in grid],
    }


def samplers():
    out = []
    levels = [0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999]

    def add(name, raw, scale, law):
        grid = [float(np.float32(x)) for x in law.ppf(levels)]
        grid = [x for x in grid if name != "beta" or x > 1e-6]
        out.append(moments(name, raw, scale, law, sorted(set(grid))))

    for raw, scale in (([0.5, 0.3, 9.0], 3.0), ([-2.0, -1.0, -3.0], 100.0), ([0.0, 1.0, 1e6], 1.0)):
        law = stats.t(2 + softplus(raw[2]), raw[0] * scale, (softplus(raw[1]) + SIGMA_FLOOR) * scale)
        add("student-T", raw, scale, law)
    add("gaussian", [1.5, -1.0], 20.0, stats.norm(30.0, 20 * (softplus(-1.0) + SIGMA_FLOOR)))
    for raw, scale in (([0.0, 0.5], 1.0), ([1.0, -9.0], 4.0), ([0.5, 3.0], 0.2), ([0.5, -1.0], 900.0), ([0.5, -2.0], 3e7)):
        mean, r = counts(raw, scale)
        add("negative-binomial", raw, scale, stats.nbinom(r, r / (r + mean)))
    for raw in ([0.0, 0.0], [3.0, 5.0], [-2.0, 1.0]):
        # Draws keep 2^-20 away from 0 and 1.
        add("beta", raw, 9.0, stats.beta(softplus(raw[0]) + SHAPE_FLOOR, softplus(raw[1]) + SHAPE_FLOOR))
    rng = np.random.default_rng(5)
    raw, scale = [float(np.float32(x)) for x in rng.normal(size=1 + 2 * PIECES)], 7.0
    at, values = knots(raw)
    values = values * scale

    def power(k, centre):
        spans = zip(values[:-1], values[1:], np.diff(at))
        parts = ((((b - centre) ** (k + 1) - (a - centre) ** (k + 1)) / (k + 1) / (b - a), w) for a, b, w in spans)
        return float(sum(part * w for part, w in parts))

    mean = power(1, 0.0)
    grid = [float(np.float32(np.interp(level, at, values))) for level in levels]
    out.append({
        "name": "piecewise-linear", "raw": raw, "scale": scale, "mean": mean,
        "variance": power(2, mean), "fourth": power(4, mean),
        "cdf": [[x, float(np.interp(x, values, at))] for x in grid],
    })
    return out


levels = [1e-12, 1e-5, 0.01, 0.07, 0.075, 0.3, 0.5, 0.6, 0.9, 0.925, 0.99, 1 - 1e-9]
print(json.dumps({
    "densities": densities(),
    "normal_quantiles": [[level, float(stats.norm.ppf(level))] for level in levels],
    "samplers": samplers(),
}, indent=None, separators=(",", ":")).replace('},{', '},\n{'))
