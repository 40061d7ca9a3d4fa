"""The 20 items nearest to each film of MovieLens-100K by implicit's CosineRecommender on binary data.

    python cosine_golden.py > OUT.gz

reads ENSUE_DATASETS and writes one line a film with neighbours, gzip-compressed: its dense id (published id less 1), then
`id:cosine` for each neighbour, by falling cosine, equal ones in ascending id; the film itself is removed. More neighbours
are fitted than are written, so that the film itself never takes a place.
"""

import gzip
import os
import sys

import numpy as np
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix

path = os.path.join(os.environ["ENSUE_DATASETS"], "movielens-100k", "u.data.gz")
rows = np.loadtxt(gzip.open(path), dtype=np.int64)[:, :2] - 1
matrix = csr_matrix((np.ones(len(rows)), (rows[:, 0], rows[:, 1])), shape=(943, 1682))
matrix.data[:] = 1.0
model = CosineRecommender(K=200, num_threads=1)
model.fit(matrix, show_progress=False)
lines = []
for film in range(1682):
    row = model.similarity[film]
    found = sorted((-s, int(i)) for i, s in zip(row.indices, row.data) if i != film and s > 0)
    if found:
        lines.append(" ".join([str(film)] + [f"{i}:{-s:.8f}" for s, i in found[:20]]))
sys.stdout.buffer.write(gzip.compress("\n".join(lines).encode() + b"\n", 9, mtime=0))
