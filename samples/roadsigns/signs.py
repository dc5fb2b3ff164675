"""Faces of road signs and traffic lights, as RGBA pictures with smooth edges.

A face is drawn once at four times its size from plain shapes in the unit square (y down), then reduced. Characters are strokes of one width, so
that no font is needed. Each class has a few variants (stroke and border widths, shades), as real signs differ by country and age. Scenes take
faces from a pyramid of halved sizes: a small sign is averaged from all of its pixels, not sampled from a few.
"""
import functools
import math

import numpy as np
from PIL import Image, ImageDraw

CLASSES = ['stop', 'yield', 'no entry', 'speed limit 30', 'speed limit 50', 'speed limit 80', 'parking', 'pedestrian crossing',
           'traffic light red', 'traffic light green']
EXTRA_CLASSES = ['roundabout', 'warning', 'turn right', 'priority road']  # for transfer to new data
DISTRACTORS = ['warning', 'turn right', 'priority road']  # unlabelled things that look a little like signs of CLASSES
VARIANTS = 3
SIZE = 512
_OVERSAMPLE = 2

RED, BLUE, WHITE, BLACK, YELLOW = (190, 22, 30), (20, 72, 160), (240, 240, 236), (22, 22, 24), (245, 195, 30)


class _Canvas:
    """Shapes in unit coordinates."""

    def __init__(self):
        self.scale = SIZE * _OVERSAMPLE
        self.image = Image.new('RGBA', (self.scale, self.scale), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)

    def polygon(self, points, fill):
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=fill)

    def rectangle(self, x0, y0, x1, y1, fill, radius=0.0):
        self.draw.rounded_rectangle([v * self.scale for v in (x0, y0, x1, y1)], radius * self.scale, fill=fill)

    def disc(self, x, y, r, fill):
        self.draw.ellipse([(x - r) * self.scale, (y - r) * self.scale, (x + r) * self.scale, (y + r) * self.scale], fill=fill)

    def stroke(self, points, width, fill):
        points = [(x * self.scale, y * self.scale) for x, y in points]
        w = width * self.scale
        self.draw.line(points, fill=fill, width=round(w))
        for x, y in points:  # round joints and ends
            self.draw.ellipse([x - w / 2, y - w / 2, x + w / 2, y + w / 2], fill=fill)

    def finish(self):
        return self.image.reduce(_OVERSAMPLE)


def _arc(x, y, rx, ry, begin, end, steps=24):
    """Points on an ellipse; degrees count clockwise from three o'clock, as y points down."""
    return [(x + rx * math.cos(math.radians(a)), y + ry * math.sin(math.radians(a))) for a in np.linspace(begin, end, steps)]


def _corners(sides, radius, turn):
    return _arc(0.5, 0.5, radius, radius, turn, turn + 360 * (1 - 1 / sides), sides)


# Strokes of each character in a box one wide and one high.
_GLYPHS = {
    '0': [_arc(.5, .5, .42, .5, 0, 360, 40)],
    '3': [_arc(.45, .27, .4, .27, -160, 90) + _arc(.45, .75, .45, .25, -90, 160)],
    '5': [[(.85, 0), (.18, 0), (.12, .45)] + _arc(.46, .68, .44, .32, -140, 150)],
    '8': [_arc(.5, .25, .36, .25, 0, 360, 40), _arc(.5, .74, .44, .26, 0, 360, 40)],
    'S': [_arc(.5, .25, .42, .25, -20, -270) + _arc(.5, .75, .42, .25, -90, 160)],
    'T': [[(0, 0), (1, 0)], [(.5, 0), (.5, 1)]],
    'O': [_arc(.5, .5, .45, .5, 0, 360, 40)],
    'P': [[(.1, 1), (.1, 0), (.5, 0)] + _arc(.55, .28, .38, .28, -90, 90) + [(.1, .56)]],
}


def _text(canvas, text, x0, y0, x1, y1, width, fill):
    cell = (x1 - x0) / (len(text) + 0.35 * (len(text) - 1))
    for i, character in enumerate(text):
        left = x0 + 1.35 * cell * i
        for points in _GLYPHS[character]:
            canvas.stroke([(left + cell * x, y0 + (y1 - y0) * y) for x, y in points], width, fill)


def _stop(c, v):
    c.polygon(_corners(8, .5 / math.cos(math.pi / 8), 22.5), WHITE)
    c.polygon(_corners(8, (.47 - .012 * v) / math.cos(math.pi / 8), 22.5), RED)
    _text(c, 'STOP', .13, .36 - .02 * v, .87, .64 + .02 * v, .052 + .008 * v, WHITE)


def _yield(c, v):
    c.polygon([(0, .06), (1, .06), (.5, .94)], RED)
    m = .15 + .03 * v
    c.polygon([(m, .06 + .6 * m), (1 - m, .06 + .6 * m), (.5, .94 - 1.15 * m)], WHITE)


def _no_entry(c, v):
    c.disc(.5, .5, .5, WHITE)
    c.disc(.5, .5, .48 - .012 * v, RED)
    c.rectangle(.12 + .02 * v, .4, .88 - .02 * v, .6, WHITE)


def _speed(text):
    def face(c, v):
        c.disc(.5, .5, .5, RED)
        c.disc(.5, .5, .41 - .025 * v, WHITE)
        _text(c, text, .22, .3, .78, .7, .072 + .008 * v, BLACK)
    return face


def _parking(c, v):
    c.rectangle(0, 0, 1, 1, WHITE, .08)
    c.rectangle(.03, .03, .97, .97, BLUE, .06)
    _text(c, 'P', .28, .2, .76, .82, .11 + .02 * v, WHITE)


def _walker(c, colour):
    c.disc(.52, .32, .04, colour)
    c.stroke([(.51, .4), (.48, .55)], .07, colour)
    c.stroke([(.48, .55), (.56, .65), (.58, .76)], .045, colour)
    c.stroke([(.48, .55), (.43, .66), (.36, .74)], .045, colour)
    c.stroke([(.51, .41), (.6, .49), (.66, .5)], .032, colour)
    c.stroke([(.51, .41), (.42, .48), (.4, .55)], .032, colour)


def _pedestrian_crossing(c, v):
    c.rectangle(0, 0, 1, 1, WHITE, .05)
    c.rectangle(.03, .03, .97, .97, BLUE, .04)
    c.polygon([(.5, .08), (.08 + .02 * v, .88), (.92 - .02 * v, .88)], WHITE)
    _walker(c, BLACK)
    for x in (.22, .36, .5, .64):
        c.polygon([(x + .03, .79), (x + .1, .79), (x + .11, .85), (x + .02, .85)], BLACK)


def _traffic_light(lit):
    def face(c, v):
        c.rectangle(.29, 0, .71, 1, [(28, 30, 30), (44, 48, 40), (60, 58, 30)][v], .07)
        lamps = {'red': ((255, 40, 30), (70, 14, 14)), 'amber': ((255, 190, 40), (72, 56, 14)), 'green': ((60, 255, 150), (10, 62, 40))}
        for i, (name, (on, off)) in enumerate(lamps.items()):
            y = .18 + .32 * i
            c.disc(.5, y, .145, (8, 8, 8))
            c.disc(.5, y, .125, on if name == lit else off)
            if name == lit:
                c.disc(.5, y, .07, tuple((p + 255) // 2 for p in on))
    return face


def _roundabout(c, v):
    c.disc(.5, .5, .5, WHITE)
    c.disc(.5, .5, .475, BLUE)
    for turn in (0, 120, 240):
        c.stroke(_arc(.5, .5, .25, .25, turn, turn + 75), .08 + .01 * v, WHITE)
        tip, back = math.radians(turn + 112), math.radians(turn + 76)
        c.polygon([(.5 + .25 * math.cos(tip), .5 + .25 * math.sin(tip)), (.5 + .36 * math.cos(back), .5 + .36 * math.sin(back)),
                   (.5 + .14 * math.cos(back), .5 + .14 * math.sin(back))], WHITE)


def _warning(c, v):
    c.polygon([(.5, .06), (0, .94), (1, .94)], RED)
    c.polygon([(.5, .25), (.15, .86), (.85, .86)], (WHITE, WHITE, YELLOW)[v])
    c.stroke([(.5, .45), (.5, .65)], .07, BLACK)
    c.disc(.5, .76, .04, BLACK)


def _turn_right(c, v):
    c.disc(.5, .5, .5, WHITE)
    c.disc(.5, .5, .475, BLUE)
    c.stroke([(.2, .5), (.65, .5)], .1 + .01 * v, WHITE)
    c.polygon([(.85, .5), (.6, .3), (.6, .7)], WHITE)


def _priority_road(c, v):
    c.polygon([(.5, 0), (1, .5), (.5, 1), (0, .5)], WHITE)
    m = .12 + .03 * v
    c.polygon([(.5, m), (1 - m, .5), (.5, 1 - m), (m, .5)], YELLOW)


_FACES = {'stop': _stop, 'yield': _yield, 'no entry': _no_entry, 'speed limit 30': _speed('30'), 'speed limit 50': _speed('50'),
          'speed limit 80': _speed('80'), 'parking': _parking, 'pedestrian crossing': _pedestrian_crossing,
          'traffic light red': _traffic_light('red'), 'traffic light green': _traffic_light('green'), 'roundabout': _roundabout,
          'warning': _warning, 'turn right': _turn_right, 'priority road': _priority_road}


@functools.lru_cache(maxsize=None)
def pyramid(name, variant):
    """A face at SIZE, SIZE / 2, ... 32 pixels. Colours are spread under the transparent edge, so that no dark fringe bleeds in."""
    canvas = _Canvas()
    _FACES[name](canvas, variant)
    levels = [canvas.finish()]
    while levels[-1].width > 32:
        levels.append(levels[-1].reduce(2))
    return levels


def face(name, variant, pixels):
    """The smallest level with at least as many pixels."""
    return next((level for level in reversed(pyramid(name, variant)) if level.width >= pixels), pyramid(name, variant)[0])


def is_light(name):
    return name.startswith('traffic light')
