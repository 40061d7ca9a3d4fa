"""Cosine neighbours of items by implicit's CosineRecommender on one thread, timed on request.

    python cosine.py FILE USERS ITEMS K

reads FILE (little-endian u32 pairs of user and item), builds the binary matrix, fits once to be warm, and says
`ready VERSION`. After that every line `N` of standard input is answered by one line: the milliseconds of N fits, as JSON.
Ends with its input.

`acceptance sims-speed` asks.
"""

import json
import sys
import time

import implicit
import numpy as np
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix


def main():
    file, *sizes = sys.argv[1:]
    users, items, k = map(int, sizes)
    pairs = np.fromfile(file, dtype="<u4").reshape(-1, 2).astype(np.int64)
    matrix = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(users, items))
    matrix.data[:] = 1.0

    def fit():
        model = CosineRecommender(K=k, num_threads=1)
        start = time.perf_counter()
        model.fit(matrix, show_progress=False)
        return (time.perf_counter() - start) * 1e3

    fit()
    print(f"ready {implicit.__version__}", flush=True)
    for line in sys.stdin:
        print(json.dumps([fit() for _ in range(int(line))]), flush=True)


main()
