"""What stands behind the signs: sky, hills, buildings, trees, verge, road, cars; painted far to near with one point perspective.

Every surface is a flat shape filled with a base colour times a texture. Textures are crops of noise tiles made once: smooth noise summed over
octaves, so a scene costs no noise of its own. Shapes are drawn at twice the picture's size and averaged down.
"""
import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_TILE = 1024


@functools.lru_cache(maxsize=None)
def noise_tile(kind):
    """A wrapping tile of noise, mean 0 and deviation 1. 'cloud', 'grain' and 'film' differ in how strong their coarse octaves are."""
    rng = np.random.default_rng({'cloud': 1, 'grain': 2, 'film': 3}[kind])
    if kind == 'film':
        return rng.standard_normal((_TILE, _TILE, 3), dtype=np.float32)
    total = np.zeros((_TILE, _TILE), np.float32)
    for octave in range(2, 9):
        cells = 2 ** octave
        coarse = rng.standard_normal((cells, cells), dtype=np.float32)
        wrapped = Image.fromarray(np.pad(coarse, 1, mode='wrap'))
        step = _TILE // cells
        smooth = np.asarray(wrapped.resize(((cells + 2) * step,) * 2, Image.Resampling.BICUBIC))[step:-step, step:-step]
        total += smooth * (0.55 ** octave if kind == 'cloud' else 0.95 ** octave)
    return (total - total.mean()) / total.std()


def texture(rng, kind, height, width, zoom=1.0):
    """A random crop of a tile as float32 (height, width[, 3])."""
    tile = noise_tile(kind)
    h, w = min(_TILE, round(height * zoom)), min(_TILE, round(width * zoom))
    y, x = rng.integers(0, _TILE - h + 1), rng.integers(0, _TILE - w + 1)
    crop = tile[y:y + h, x:x + w]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if crop.shape[:2] != (height, width):
        crop = np.asarray(Image.fromarray(np.ascontiguousarray(crop)).resize((width, height), Image.Resampling.BILINEAR))
    return crop


class Backdrop:
    """Paints the scene without signs. `paint` returns a uint8 picture; `horizon` is a row."""

    def __init__(self, rng, size):
        self.rng, self.size = rng, size
        self.horizon = size * rng.uniform(0.36, 0.6)
        self.vanish = size * rng.uniform(0.3, 0.7)
        self.side = size * rng.uniform(0.45, 1.1)  # half the road's width at the lower edge
        self.town = rng.random() < 0.5

    def paint(self):
        big = 2 * self.size
        canvas = Image.new('RGB', (big, big))
        self.draw = ImageDraw.Draw(canvas)
        self._sky_and_ground(big)
        self._hills(big)
        self._road(big)
        for _ in range(self.rng.integers(3, 10) if self.town else self.rng.integers(0, 3)):
            self._building(big)
        for depth in np.sort(self.rng.uniform(0.02, 0.8, self.rng.integers(2, 14))):
            self._tree(big, depth)
        for depth in np.sort(self.rng.uniform(0.05, 0.6, self.rng.integers(0, 4))):
            self._car(big, depth)
        picture = np.asarray(canvas.reduce(2)).astype(np.float32)
        return self._weathered(picture)

    def _colour(self, base, spread=25):
        shift = self.rng.normal(0, spread / 2) + self.rng.normal(0, spread / 6, 3)  # mostly light, a little hue
        return tuple(min(255, max(0, int(b + d))) for b, d in zip(base, shift))

    def _sky_and_ground(self, big):
        r, h = self.rng, round(2 * self.horizon)
        top, low = np.array([(70, 120, 200), (150, 165, 185), (185, 190, 195), (110, 120, 150)][r.integers(4)]), np.array((205, 215, 225))
        if r.random() < 0.15:
            low = np.array((240, 190, 140))  # a low sun
        for y in range(0, h, 4):
            t = (y / h) ** 1.3
            self.draw.rectangle((0, y, big, y + 4), fill=tuple(int(v) for v in top * (1 - t) + low * t))
        green, dry, snow, pavement = (86, 112, 58), (150, 135, 90), (215, 220, 225), (140, 136, 130)
        self.verge = self._colour(pavement if self.town and r.random() < 0.6 else [green, green, dry, snow][r.integers(4)])
        self.draw.rectangle((0, h, big, big), fill=self.verge)

    def _hills(self, big):
        for k in range(self.rng.integers(0, 3)):
            xs = np.linspace(0, big, 24)
            rise = big * self.rng.uniform(0.02, 0.12) * (1 + np.sin(xs / big * self.rng.uniform(3, 9) + self.rng.uniform(0, 6)))
            points = list(zip(xs, 2 * self.horizon - rise)) + [(big, 2 * self.horizon + 2), (0, 2 * self.horizon + 2)]
            self.draw.polygon(points, fill=self._colour((120 - 25 * k, 140 - 20 * k, 130 - 50 * k)))

    def _across(self, lateral, depth):
        """The point of the ground at `depth` (0 far, 1 the lower edge) and `lateral` road half-widths from the middle, at twice the size."""
        y = self.horizon + (self.size - self.horizon) * depth
        return 2 * (self.vanish + (self.size / 2 - self.vanish + lateral * self.side) * depth), 2 * y

    def _strip(self, left, right, near, far, fill):
        self.draw.polygon([self._across(left, far), self._across(right, far), self._across(right, near), self._across(left, near)], fill=fill)

    def _road(self, big):
        r = self.rng
        if r.random() < 0.6:
            self._strip(-1.35, 1.35, 1, 0.004, self._colour((165, 160, 152)))  # kerb or gravel
        self._strip(-1, 1, 1, 0.004, self._colour((95, 95, 98), 35))
        white = self._colour((215, 215, 205), 15)
        if r.random() < 0.8:
            for lane in (-0.93, 0.93):
                self._strip(lane - 0.02, lane + 0.02, 1, 0.006, white)
        depth = 1.0
        while depth > 0.03:  # dashes of equal length on the ground: depth is the inverse of distance
            farther = 1 / (1 / depth + 0.45)
            self._strip(-0.02, 0.02, depth, farther, white)
            depth = 1 / (1 / farther + 0.6)
        if r.random() < 0.2:  # zebra
            near = r.uniform(0.35, 0.9)
            for lane in np.arange(-0.9, 0.9, 0.25):
                self._strip(lane, lane + 0.13, near, near * 0.8, white)

    def _building(self, big):
        r = self.rng
        depth = r.uniform(0.06, 0.4)
        lateral = r.choice((-1, 1)) * r.uniform(1.5, 5.0)
        x, foot = self._across(lateral, depth)
        width, height = big * depth * r.uniform(0.5, 1.6), big * depth * r.uniform(0.5, 2.4)
        wall = self._colour([(165, 120, 95), (190, 180, 165), (130, 130, 135), (205, 195, 170), (150, 85, 70)][r.integers(5)])
        left, top = x - width / 2, foot - height
        self.draw.rectangle((left, top, left + width, foot), fill=wall)
        if r.random() < 0.5:
            self.draw.polygon([(left - 6, top), (left + width + 6, top), (x, top - height * 0.3)], fill=self._colour((120, 70, 55)))
        columns, rows = r.integers(2, 8), r.integers(2, 7)
        glass = self._colour((70, 85, 105), 40)
        for i in range(columns):
            for j in range(rows):
                wx, wy = left + width * (i + 0.25) / columns, top + height * (j + 0.25) / rows
                self.draw.rectangle((wx, wy, wx + width * 0.5 / columns, wy + height * 0.5 / rows), fill=glass)
        if r.random() < 0.35:  # an awning or a billboard in a sign's colours, so that colour alone tells nothing
            bx, by = left + width * r.uniform(0, 0.5), foot - height * r.uniform(0.2, 0.6)
            paint = self._colour([(190, 30, 35), (25, 75, 160), (235, 235, 230), (235, 190, 40)][r.integers(4)])
            self.draw.rectangle((bx, by, bx + width * 0.4, by + height * 0.12), fill=paint)

    def _tree(self, big, depth):
        r = self.rng
        x, foot = self._across(r.choice((-1, 1)) * r.uniform(1.3, 4.5), depth)
        height = big * depth * r.uniform(0.5, 1.2)
        trunk = self._colour((85, 65, 50))
        self.draw.rectangle((x - height * 0.03, foot - height * 0.5, x + height * 0.03, foot), fill=trunk)
        leaf = self._colour([(60, 95, 45), (85, 110, 50), (120, 110, 50), (45, 75, 55)][r.integers(4)], 30)
        sideways, upwards, sizes = r.normal(0, 0.14, 24) * height, r.uniform(0.4, 1.0, 24) * height, r.uniform(0.06, 0.16, 24) * height
        for k, (dx, dy, radius) in enumerate(zip(sideways, upwards, sizes)):
            shade = tuple(min(255, int(v * (0.7 + 0.6 * k / 24))) for v in leaf)
            self.draw.ellipse((x + dx - radius, foot - dy - radius, x + dx + radius, foot - dy + radius), fill=shade)

    def _car(self, big, depth):
        r = self.rng
        x, foot = self._across(r.choice((-0.5, 0.5)) + r.normal(0, 0.1), depth)
        w = self.side * 2 * depth * r.uniform(0.5, 0.62)
        h = w * r.uniform(0.7, 0.9)
        body = self._colour([(170, 30, 30), (40, 70, 140), (200, 200, 205), (40, 40, 45), (120, 125, 130), (225, 225, 225)][r.integers(6)])
        self.draw.ellipse((x - w * 0.55, foot - h * 0.1, x + w * 0.55, foot + h * 0.06), fill=(40, 40, 42))
        for side in (-0.42, 0.28):
            self.draw.rectangle((x + w * side, foot - h * 0.2, x + w * (side + 0.14), foot), fill=(20, 20, 20))
        self.draw.rounded_rectangle((x - w / 2, foot - h * 0.62, x + w / 2, foot - h * 0.12), w * 0.08, fill=body)
        for low, high, bottom, top, paint in ((0.42, 0.32, 0.6, 1.0, body), (0.36, 0.28, 0.62, 0.94, (50, 60, 72))):  # cabin, rear window
            self.draw.polygon([(x - w * low, foot - h * bottom), (x - w * high, foot - h * top), (x + w * high, foot - h * top),
                               (x + w * low, foot - h * bottom)], fill=paint)
        for side in (-0.46, 0.32):
            self.draw.rectangle((x + w * side, foot - h * 0.52, x + w * (side + 0.14), foot - h * 0.4), fill=(185, 25, 25))
        self.draw.rectangle((x - w * 0.16, foot - h * 0.38, x + w * 0.16, foot - h * 0.28), fill=(225, 225, 220))

    def _weathered(self, picture):
        """Clouds above the horizon, grain below it, stains everywhere."""
        r, size, h = self.rng, self.size, round(self.horizon)
        shade = 1 + texture(r, 'cloud', size, size) * 0.07
        shade[h:] += texture(r, 'grain', size - h, size) * r.uniform(0.05, 0.14)
        picture *= shade[..., None]
        cloud = texture(r, 'cloud', h, size, 0.5)
        picture[:h] += np.clip(cloud, 0, None)[..., None] * r.uniform(0, 26)
        return np.clip(picture, 0, 255, out=picture).astype(np.uint8)


def leaves(rng, size):
    """An RGBA picture of a leafy branch, to hide part of a sign."""
    image = Image.new('RGBA', (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    base = np.array((60, 95, 45)) + rng.normal(0, 18, 3)
    for _ in range(28):
        x, y, a, b = rng.uniform(0.1, 0.9) * size, rng.uniform(0.1, 0.9) * size, size * rng.uniform(0.04, 0.1), size * rng.uniform(0.03, 0.07)
        shade = np.clip(base * rng.uniform(0.6, 1.3), 0, 255).astype(int)
        draw.ellipse((x - a, y - b, x + a, y + b), fill=(*shade.tolist(), 255))
    return image.filter(ImageFilter.GaussianBlur(0.6))
