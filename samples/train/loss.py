"""YOLOv5's loss: which predictions answer for which objects, and how wrong they are.

An object is matched with every anchor whose width and height differ from its own by less than a factor of 4, on every level. Its centre's cell
answers for it, and so do the two neighbours nearest to the centre (beside and above or below), as a prediction reaches from -0.5 to 1.5 cells. Matched
predictions pay 1 - CIoU for the box and cross entropy for the class; all pay cross entropy for objectness, whose target is the IoU that the box reached.
"""
import math

import torch
import torch.nn.functional as F

from model import ANCHORS, STRIDES, split_map

BALANCE = (4.0, 1.0, 0.4)  # of objectness by level: fine levels have many more cells
MAX_RATIO = 4.0


def ciou(a, b, eps=1e-7):
    """Complete IoU of boxes (x, y, w, h): IoU less the centres' distance and the difference in aspect."""
    a_low, a_high, b_low, b_high = a[:, :2] - a[:, 2:] / 2, a[:, :2] + a[:, 2:] / 2, b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2
    inner = (torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)).clamp(0).prod(1)
    iou = inner / (a[:, 2:].prod(1) + b[:, 2:].prod(1) - inner + eps)
    hull = torch.maximum(a_high, b_high) - torch.minimum(a_low, b_low)
    distance = (a[:, :2] - b[:, :2]).square().sum(1) / (hull.square().sum(1) + eps)
    aspect = 4 / math.pi ** 2 * (torch.atan(b[:, 2] / (b[:, 3] + eps)) - torch.atan(a[:, 2] / (a[:, 3] + eps))).square()
    with torch.no_grad():
        weight = aspect / (aspect - iou + 1 + eps)
    return iou - distance - weight * aspect


def match(targets, anchors, rows, columns):
    """targets: rows of (picture, class, x, y, w, h), anchors (3, 2); both in cells. Returns for each match: picture, anchor, row, column, class, box;
    the box's centre is relative to the cell."""
    count = len(anchors)
    anchor = torch.arange(count, device=targets.device).repeat_interleave(len(targets))
    t = targets.repeat(count, 1)
    ratio = t[:, 4:6] / anchors[anchor]
    fits = torch.maximum(ratio, 1 / ratio).amax(1) < MAX_RATIO
    t, anchor = t[fits], anchor[fits]
    cell, part = t[:, 2:4].floor(), t[:, 2:4] % 1
    nearer = torch.where(part < 0.5, -1.0, 1.0)  # the neighbour nearest to the centre, along each axis
    zero = torch.zeros_like(nearer[:, 0])
    offsets = torch.stack((torch.stack((zero, zero), 1), torch.stack((nearer[:, 0], zero), 1), torch.stack((zero, nearer[:, 1]), 1)))
    cells = (cell + offsets).view(-1, 2)
    t, anchor = t.repeat(3, 1), anchor.repeat(3)
    inside = ((cells >= 0) & (cells < cells.new_tensor((columns, rows)))).all(1)
    t, anchor, cells = t[inside], anchor[inside], cells[inside]
    box = torch.cat((t[:, 2:4] - cells, t[:, 4:6]), 1)
    return t[:, 0].long(), anchor, cells[:, 1].long(), cells[:, 0].long(), t[:, 1].long(), box


class Loss:
    """hyp gives the parts' weights: box, obj, cls. They are scaled to the class count and picture size as the original's are."""

    def __init__(self, hyp, classes, size):
        self.box, self.obj, self.cls = hyp['box'], hyp['obj'] * (size / 640) ** 2, hyp['cls'] * classes / 80
        self.smooth = hyp.get('label_smoothing', 0.0)
        self.classes = classes

    def __call__(self, maps, targets):
        """targets: rows of (picture, class, x, y, w, h) in parts of the picture. Returns the batch's loss and its parts (box, obj, cls)."""
        parts = maps[0].new_zeros(3)
        for raw, stride, level, balance in zip(maps, STRIDES, ANCHORS, BALANCE):
            p = split_map(raw)
            batch, _, rows, columns, _ = p.shape
            anchors = p.new_tensor(level) / stride
            scaled = targets * targets.new_tensor((1, 1, columns, rows, columns, rows))
            picture, anchor, row, column, label, box = match(scaled, anchors, rows, columns)
            objectness = torch.zeros(p.shape[:-1], device=p.device, dtype=p.dtype)
            if len(picture):
                chosen = p[picture, anchor, row, column]
                centre, size = 2 * chosen[:, :2].sigmoid() - 0.5, (2 * chosen[:, 2:4].sigmoid()) ** 2 * anchors[anchor]
                iou = ciou(torch.cat((centre, size), 1), box)
                parts[0] += (1 - iou).mean()
                cells = ((picture * 3 + anchor) * rows + row) * columns + column
                reached, order = iou.detach().clamp(0).sort()  # of two matches in a cell, the better is written last
                objectness.view(-1)[cells[order]] = reached.to(objectness.dtype)
                if self.classes > 1:
                    wanted = torch.full_like(chosen[:, 5:], 0.5 * self.smooth)
                    wanted[torch.arange(len(label)), label] = 1 - 0.5 * self.smooth
                    parts[2] += F.binary_cross_entropy_with_logits(chosen[:, 5:], wanted)
            parts[1] += balance * F.binary_cross_entropy_with_logits(p[..., 4], objectness)
        parts = parts * parts.new_tensor((self.box, self.obj, self.cls))
        return parts.sum() * maps[0].shape[0], parts.detach()
