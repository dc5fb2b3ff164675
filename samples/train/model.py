"""YOLOv5 (v6.0 and later layout) in PyTorch: backbone of C3 blocks, SPPF, path aggregation, three detection levels.

`n`, `s`, ... differ only in two multiples: how often blocks repeat (depth) and how many channels layers have (width). Modules are numbered and named
as in the original, so that layer names in exported files read the same. The model returns raw maps; `decode` turns them into boxes.
"""
import math

import torch
import torch.nn as nn

STRIDES = (8, 16, 32)
ANCHORS = (((10, 13), (16, 30), (33, 23)), ((30, 61), (62, 45), (59, 119)), ((116, 90), (156, 198), (373, 326)))  # pixels
CONFIGS = {'yolov5n': {'depth': 0.33, 'width': 0.25}, 'yolov5s': {'depth': 0.33, 'width': 0.5}, 'tiny': {'depth': 0.33, 'width': 0.125}}


class Conv(nn.Module):
    def __init__(self, inputs, outputs, kernel=1, stride=1, padding=None):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2 if padding is None else padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU(inplace=False)

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, channels, shortcut):
        super().__init__()
        self.cv1 = Conv(channels, channels, 1)
        self.cv2 = Conv(channels, channels, 3)
        self.add = shortcut

    def forward(self, x):
        return x + self.cv2(self.cv1(x)) if self.add else self.cv2(self.cv1(x))


class C3(nn.Module):
    """Half of the channels pass through bottlenecks, the other half pass by."""

    def __init__(self, inputs, outputs, repeats, shortcut=True):
        super().__init__()
        self.cv1 = Conv(inputs, outputs // 2)
        self.cv2 = Conv(inputs, outputs // 2)
        self.cv3 = Conv(outputs, outputs)
        self.m = nn.Sequential(*(Bottleneck(outputs // 2, shortcut) for _ in range(repeats)))

    def forward(self, x):
        return self.cv3(torch.cat((self.m(self.cv1(x)), self.cv2(x)), 1))


class SPPF(nn.Module):
    """Maxima over 5x5, 9x9 and 13x13 neighbourhoods, by the same 5x5 pool once, twice and three times."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.cv1 = Conv(inputs, inputs // 2)
        self.cv2 = Conv(inputs * 2, outputs)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        x = self.cv1(x)
        once = self.m(x)
        twice = self.m(once)
        return self.cv2(torch.cat((x, once, twice, self.m(twice)), 1))


class Detect(nn.Module):
    def __init__(self, classes, channels):
        super().__init__()
        self.m = nn.ModuleList(nn.Conv2d(c, 3 * (5 + classes), 1) for c in channels)
        for conv, stride in zip(self.m, STRIDES):  # start from what is common: some 8 objects in a picture of 640, classes alike
            bias = conv.bias.data.view(3, -1)
            bias[:, 4] += math.log(8 / (640 / stride) ** 2)
            bias[:, 5:] += math.log(0.6 / (classes - 0.99999))

    def forward(self, maps):
        return tuple(conv(x) for conv, x in zip(self.m, maps))


class Yolo(nn.Module):
    def __init__(self, config, classes):
        super().__init__()

        def width(channels):
            return math.ceil(channels * config['width'] / 8) * 8

        def depth(repeats):
            return max(round(repeats * config['depth']), 1)

        c1, c2, c3, c4, c5 = (width(c) for c in (64, 128, 256, 512, 1024))
        self.model = nn.ModuleList([
            Conv(3, c1, 6, 2, 2), Conv(c1, c2, 3, 2), C3(c2, c2, depth(3)),                      # 0-2
            Conv(c2, c3, 3, 2), C3(c3, c3, depth(6)), Conv(c3, c4, 3, 2), C3(c4, c4, depth(9)),  # 3-6
            Conv(c4, c5, 3, 2), C3(c5, c5, depth(3)), SPPF(c5, c5),                              # 7-9
            Conv(c5, c4), nn.Upsample(scale_factor=2.0), nn.Identity(), C3(2 * c4, c4, depth(3), False),   # 10-13: down the pyramid
            Conv(c4, c3), nn.Upsample(scale_factor=2.0), nn.Identity(), C3(2 * c3, c3, depth(3), False),   # 14-17
            Conv(c3, c3, 3, 2), nn.Identity(), C3(2 * c3, c4, depth(3), False),                  # 18-20: and up again
            Conv(c4, c4, 3, 2), nn.Identity(), C3(2 * c4, c5, depth(3), False),                  # 21-23
            Detect(classes, (c3, c4, c5))])

    def forward(self, x):
        m = self.model
        p3 = m[4](m[3](m[2](m[1](m[0](x)))))
        p4 = m[6](m[5](p3))
        p5 = m[10](m[9](m[8](m[7](p4))))
        q4 = m[14](m[13](torch.cat((m[11](p5), p4), 1)))
        out3 = m[17](torch.cat((m[15](q4), p3), 1))
        out4 = m[20](torch.cat((m[18](out3), q4), 1))
        out5 = m[23](torch.cat((m[21](out4), p5), 1))
        return m[24]((out3, out4, out5))


def split_map(raw):
    """(batch, 3 * channels, rows, columns) -> (batch, anchor, row, column, channel)."""
    batch, channels, rows, columns = raw.shape
    return raw.view(batch, 3, channels // 3, rows, columns).permute(0, 1, 3, 4, 2)


def decode(maps, anchors=ANCHORS):
    """Raw maps -> (batch, boxes, 5 + classes): centre x, y, width, height in pixels, objectness, class scores."""
    found = []
    for raw, stride, level in zip(maps, STRIDES, anchors):
        p = split_map(raw).sigmoid()
        rows, columns = p.shape[2:4]
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing='ij')
        grid = torch.stack((x, y), -1).to(p)
        size = torch.tensor(level).to(p).view(1, 3, 1, 1, 2)
        boxes = torch.cat(((2 * p[..., :2] - 0.5 + grid) * stride, (2 * p[..., 2:4]) ** 2 * size, p[..., 4:]), -1)
        found.append(boxes.reshape(p.shape[0], -1, p.shape[-1]))
    return torch.cat(found, 1)


def prunable(model):
    """Convolutions whose weights may be pruned, by name: all but the stem (3 channels) and the detection layers."""
    return {name: module for name, module in model.named_modules()
            if isinstance(module, nn.Conv2d) and name != 'model.0.conv' and not name.startswith('model.24.')}
