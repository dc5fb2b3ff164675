"""Mean average precision, and the boxes it is counted on.

Boxes above a low score go through class-wise non-maximum suppression; sorted by score, each either finds an unclaimed object of its class with enough IoU or
is wrong. Average precision is the area under the precision-recall curve with precision made monotone, at 101 recalls as COCO does.
"""
import json

import numpy as np
import torch
from PIL import Image, ImageOps

from data import DataError, batches, label_file, read_labels
from model import decode

IOUS = np.linspace(0.5, 0.95, 10)


def iou_matrix(a, b):
    """IoU of corner boxes a (n, 4) with b (m, 4)."""
    inner = np.clip(np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2]), 0, None).prod(2)
    areas = (a[:, 2:] - a[:, :2]).prod(1)[:, None] + (b[:, 2:] - b[:, :2]).prod(1)[None]
    return inner / np.maximum(areas - inner, 1e-9)


def suppress(boxes, scores, labels, iou, most):
    """Indices of the `most` strongest boxes that no stronger one of their class overlaps by more than `iou`, strongest first."""
    kept = []
    apart = boxes + labels[:, None] * (np.ptp(boxes) + 1 if len(boxes) else 0)  # classes never meet
    order = np.argsort(-scores, kind='stable')
    while len(order) and len(kept) < most:
        first, rest = order[0], order[1:]
        kept.append(first)
        order = rest[iou_matrix(apart[first:first + 1], apart[rest])[0] <= iou]
    return np.array(kept, int)


def detections(decoded, confidence=0.001, iou=0.6, most=300):
    """One picture's decoded boxes (n, 5 + classes) -> rows of (x0, y0, x1, y1, score, class). A box may name several classes."""
    decoded = decoded[decoded[:, 4] > confidence]
    scores = decoded[:, 5:] * decoded[:, 4:5]
    box, label = np.nonzero(scores > confidence)
    score = scores[box, label]
    strongest = np.argsort(-score, kind='stable')[:3000]
    box, label, score = box[strongest], label[strongest], score[strongest]
    centre, half = decoded[box, :2], decoded[box, 2:4] / 2
    corners = np.concatenate((centre - half, centre + half), 1)
    kept = suppress(corners, score, label, iou, most)
    return np.concatenate((corners[kept], score[kept, None], label[kept, None]), 1)


def hits(found, wanted):
    """For each detection (sorted by score) and IoU threshold: whether it is right. wanted: rows of (class, x0, y0, x1, y1)."""
    right = np.zeros((len(found), len(IOUS)), bool)
    if not len(found) or not len(wanted):
        return right
    overlap = iou_matrix(found[:, :4], wanted[:, 1:]) * (found[:, 5:6] == wanted[None, :, 0])
    for t, threshold in enumerate(IOUS):
        free = np.ones(len(wanted), bool)
        for i in range(len(found)):
            best = int(np.argmax(overlap[i] * free))
            if free[best] and overlap[i, best] >= threshold:
                right[i, t], free[best] = True, False
    return right


def average_precision(right, count):
    """right: whether each detection, strongest first, is right; count: how many objects there are."""
    if not len(right) or not count:
        return 0.0
    true = np.cumsum(right)
    recall, precision = true / count, true / np.arange(1, len(right) + 1)
    best_after = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side='left')
    return float(np.where(at < len(recall), best_after[np.minimum(at, len(recall) - 1)], 0).mean())


class Score:
    """Collects pictures, then counts."""

    def __init__(self, names):
        self.names, self.right, self.scores, self.labels, self.objects = names, [], [], [], np.zeros(len(names), int)

    def add(self, found, wanted):
        self.right.append(hits(found, wanted))
        self.scores.append(found[:, 4])
        self.labels.append(found[:, 5])
        self.objects += np.bincount(wanted[:, 0].astype(int), minlength=len(self.names))

    def result(self):
        right, scores, labels = np.concatenate(self.right), np.concatenate(self.scores), np.concatenate(self.labels)
        order = np.argsort(-scores, kind='stable')
        right, labels = right[order], labels[order]
        rows = {}
        for label, name in enumerate(self.names):
            if self.objects[label]:
                each = [average_precision(right[labels == label, t], self.objects[label]) for t in range(len(IOUS))]
                rows[name] = {'objects': int(self.objects[label]), 'mAP50': each[0], 'mAP50-95': float(np.mean(each))}
        mean = {key: float(np.mean([row[key] for row in rows.values()])) if rows else 0.0 for key in ('mAP50', 'mAP50-95')}
        return {**mean, 'classes': rows}


def wanted_corners(rows, size):
    """Label rows (class, x, y, w, h) in parts -> (class, x0, y0, x1, y1) in pixels."""
    rows = np.asarray(rows, float)
    return np.concatenate((rows[:, :1], (rows[:, 1:3] - rows[:, 3:5] / 2) * size, (rows[:, 1:3] + rows[:, 3:5] / 2) * size), 1)


def evaluate(model, dataset, names, batch=16, workers=0, device='cpu'):
    """Scores the model on the dataset's pictures."""
    score = Score(names)
    training = model.training
    model.eval()
    with torch.no_grad():
        for pictures, targets in batches(dataset, batch, workers):
            decoded = decode(model(pictures.to(device).float() / 255)).cpu().numpy()
            for i, one in enumerate(decoded):
                score.add(detections(one), wanted_corners(targets[targets[:, 0] == i, 1:], dataset.size))
    model.train(training)
    return score.result()


def evaluate_found(path, pictures, names):
    """Scores what `sparsec detect --json --conf 0.001` found in these pictures: boxes in pixels of each picture as it is."""
    try:
        with open(path) as file:
            said = json.load(file)
        found = {name: [(*box, score, label) for box, score, label in zip(one['boxes'], one['scores'], one['labels'])] for name, one in said.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f'{path}: not what `sparsec detect --json` prints') from None
    score = Score(names)
    for picture in pictures:
        rows = found.get(picture.name, found.get(str(picture)))
        if rows is None:
            raise DataError(f'{path}: nothing about {picture}; run sparsec detect on every picture')
        with Image.open(picture) as image:
            size = ImageOps.exif_transpose(image).size
        labels = np.asarray(read_labels(label_file(picture), len(names)), float)
        score.add(np.array(rows, float).reshape(-1, 6), wanted_corners(labels, np.array(size)))
    return score.result()


def table(result):
    lines = [f'{"class":24} {"objects":>8} {"mAP50":>8} {"mAP50-95":>9}']
    rows = [('all', {'objects': sum(r['objects'] for r in result['classes'].values()), **result}), *result['classes'].items()]
    return '\n'.join(lines + [f'{name:24} {row["objects"]:8} {row["mAP50"]:8.3f} {row["mAP50-95"]:9.3f}' for name, row in rows])
