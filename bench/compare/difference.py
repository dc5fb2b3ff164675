#!/usr/bin/env python3
"""difference.py A.npy B.npy: mean and largest absolute difference, as JSON; of rows of more than five columns, boxes and scores apart."""
import json
import sys

import numpy

a, b = (numpy.load(path).astype(numpy.float64) for path in sys.argv[1:3])
if a.shape != b.shape:
    sys.exit(f"difference.py: shapes {a.shape} and {b.shape}")
d = numpy.abs(a - b)
result = {"mean": d.mean(), "max": d.max()}
if d.ndim == 3 and d.shape[-1] > 5:
    result |= {"boxes_mean": d[..., :4].mean(), "boxes_max": d[..., :4].max()}
    result |= {"scores_mean": d[..., 4:].mean(), "scores_max": d[..., 4:].max()}
print(json.dumps(result))
