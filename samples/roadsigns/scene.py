"""One synthetic road scene with its labels.

A backdrop is painted; signs are stood in it from far to near, each turned in space and projected as a plane; some are partly hidden by leaves,
a pole or a smear of snow; then light, weather and the camera do their part. A sign's box is the extent of its projection inside the picture,
also where something hides a part of it. `owner` keeps, per pixel, which sign is seen there: a sign seen less than half is not labelled.
"""
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import scenery
import signs

SMALLEST, LARGEST = 24, 320  # a sign's height in a picture of 640 pixels
MIN_VISIBLE = 0.5
CONDITIONS = ('day', 'night', 'rain', 'fog')


def render(rng, size=640, classes=signs.CLASSES, condition='mixed'):
    """Returns (picture as RGB image, labels as rows of class, x, y, width, height in parts of the picture)."""
    if condition == 'mixed':
        condition = rng.choice(CONDITIONS, p=(0.62, 0.16, 0.13, 0.09))
    backdrop = scenery.Backdrop(rng, size)
    picture = backdrop.paint()
    reflect = 1.0
    if condition == 'night':
        picture = _darkened(rng, picture, backdrop)
        reflect = rng.uniform(0.45, 0.95)  # sign sheeting throws the headlights back
    haze = rng.uniform(0.3, 0.75) if condition == 'fog' else rng.uniform(0, 0.15)
    mist = np.full(3, rng.uniform(30, 60) if condition == 'night' else rng.uniform(175, 215))
    if condition == 'fog':
        picture = _fogged(picture, backdrop.horizon, haze, mist)
    image = Image.fromarray(picture)
    labels = _stand_signs(rng, image, backdrop, classes, reflect, haze, mist, condition == 'night')
    if condition == 'rain':
        image = _rained(rng, image)
    return _photographed(rng, image, condition), labels


# ---- signs -----------------------------------------------------------------------------------------------------------------------------------


def _stand_signs(rng, image, backdrop, classes, reflect, haze, mist, night):
    size = image.width
    count = 0 if rng.random() < 0.04 else rng.integers(1, 7)
    heights = np.sort(SMALLEST * (LARGEST / SMALLEST) ** (rng.random(count) ** 1.35)) * size / 640
    owner = Image.new('L', image.size, 0)
    placed = []
    for height in heights:
        distractor = rng.random() < 0.12
        name = rng.choice([d for d in signs.DISTRACTORS if d not in classes] or classes) if distractor else classes[rng.integers(len(classes))]
        sprite = _sprite(rng, name, min(height * 1.25, size * 0.5) if signs.is_light(name) else height, reflect, haze, mist, night, size)
        spot = _free_spot(rng, sprite, backdrop, [p['box'] for p in placed], size)
        if spot is None:
            continue
        _pole(rng, image, owner, sprite, spot, backdrop, night)
        image.paste(sprite, spot, sprite)
        if night and signs.is_light(name):
            _glow(image, sprite, spot, name)
        index = len(placed) + 1
        solid = sprite.getchannel('A').point(lambda a: 255 if a > 127 else 0)
        owner.paste(index, spot, solid)
        area = np.count_nonzero(np.asarray(solid))
        if rng.random() < 0.22:
            _hide(rng, image, owner, sprite, spot, night)
        left, top, right, bottom = solid.getbbox()
        box = np.clip(np.array([spot[0] + left, spot[1] + top, spot[0] + right, spot[1] + bottom]), 0, size)
        placed.append({'name': name, 'box': box, 'area': area, 'labelled': name in classes})
    seen = np.bincount(np.asarray(owner).ravel(), minlength=len(placed) + 1)
    rows = []
    for index, sign in enumerate(placed, 1):
        if sign['labelled'] and seen[index] >= MIN_VISIBLE * sign['area']:
            x0, y0, x1, y1 = sign['box'] / size
            rows.append((list(classes).index(sign['name']), (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0))
    return rows


def _sprite(rng, name, height, reflect, haze, mist, night, size):
    """The face, turned in space, lit, weathered: an RGBA picture cut to its outline."""
    over = 2 if height < 120 else 1  # averaged down where edges would show
    pixels = height * over
    source = signs.face(name, rng.integers(signs.VARIANTS), pixels * 1.2)
    yaw = math.radians(rng.normal(0, 20) if rng.random() < 0.8 else rng.uniform(-58, 58))
    pitch, roll = math.radians(rng.normal(0, 5)), math.radians(rng.normal(0, 4))
    corners = np.array([(-.5, -.5, 0), (.5, -.5, 0), (.5, .5, 0), (-.5, .5, 0)])
    cy, sy, cp, sp, cr, sr = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    points = corners @ turn.T
    points = points[:, :2] / (1 + points[:, 2:] * rng.uniform(0.1, 0.5))
    points = (points - points.min(0)) * pixels
    extent = np.ceil(points.max(0) / over).astype(int) * over
    sprite = source.transform(tuple(int(v) for v in extent), Image.Transform.PERSPECTIVE,
                              _homography(points, np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * source.width), Image.Resampling.BILINEAR)
    if over > 1:
        sprite = sprite.reduce(over)
    sprite = sprite.crop(sprite.getchannel('A').point(lambda a: 255 if a > 127 else 0).getbbox())
    return _lit(rng, sprite, name, reflect, haze * max(0.0, 1 - height / (0.35 * size)), mist, night)


def _homography(there, here):
    """The eight numbers that take points `there` to points `here` under a plane's projection."""
    rows, right = [], []
    for (x, y), (u, v) in zip(there, here):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
        right += [u, v]
    return tuple(np.linalg.solve(np.array(rows), np.array(right)))


def _lit(rng, sprite, name, reflect, haze, mist, night):
    pixels = np.asarray(sprite).astype(np.float32)
    colour = pixels[..., :3]
    fade = rng.uniform(0, 0.25)
    grey = colour.mean(axis=2, keepdims=True)
    light = signs.is_light(name)
    if light:
        colour = colour * (0.8 if night else rng.uniform(0.75, 1.1))
    else:
        colour = (colour * (1 - fade) + (0.5 * grey + 70) * fade) * rng.uniform(0.55, 1.12)
        height, width = colour.shape[:2]
        dirt = scenery.texture(rng, 'cloud', height, width, max(1.0, 60 / max(height, width)))
        slope = np.linspace(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15), width, dtype=np.float32)
        colour = colour * (1 - rng.uniform(0, 0.12) * np.clip(dirt, -1.5, 1.5)[..., None]) * (1 + slope[None, :, None]) * reflect
    pixels[..., :3] = colour * (1 - haze) + mist * haze
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _free_spot(rng, sprite, backdrop, taken, size):
    """Where the sign's upper left corner goes: at a height above the ground that fits its distance, beside or over the road, and clear of others."""
    w, h = sprite.size
    for _ in range(12):
        lift = rng.normal(1.0, 0.7) if rng.random() < 0.8 else rng.uniform(-1, 5)  # sign heights above the eye
        y = backdrop.horizon - lift * h - h / 2
        x = rng.uniform(-0.15, size / w - 0.85) * w if rng.random() < 0.15 else rng.uniform(0, max(1, size - w))
        if not -0.1 * h <= y <= size - 0.9 * h:  # too close to fit the rule: anywhere
            y = rng.uniform(-0.05 * h, max(1.0, min(backdrop.horizon, size - h)))
        box = np.array([x, y, x + w, y + h])
        if all(_overlap(box, other) < 0.08 for other in taken):
            return round(x), round(y)
    return None


def _overlap(a, b):
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return inner / min((a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod())


def _pole(rng, image, owner, sprite, spot, backdrop, night):
    w, h = sprite.size
    x, top = spot[0] + w / 2 + rng.normal(0, 0.01) * w, spot[1] + h * 0.5
    foot = max(top + h, backdrop.horizon + h * rng.uniform(1.6, 2.8))
    half = max(0.6, h * rng.uniform(0.025, 0.05))
    shade = rng.uniform(25, 60) if night else rng.uniform(70, 170)
    for part in range(3):  # three shades make it round
        x0 = x - half + part * half * 2 / 3
        grey = int(np.clip(shade * (0.8, 1.15, 0.9)[part], 0, 255))
        ImageDraw.Draw(image).rectangle((x0, top, x0 + half * 2 / 3, foot), fill=(grey, grey, grey))
    ImageDraw.Draw(owner).rectangle((x - half, top, x + half, foot), fill=0)


def _hide(rng, image, owner, sprite, spot, night):
    """Covers up to some 40% of the sign."""
    w, h = sprite.size
    kind = rng.integers(3)
    if kind == 0:
        cover = scenery.leaves(rng, max(8, round(min(w, h) * rng.uniform(0.5, 0.8))))
        if night:
            cover = Image.merge('RGBA', [band.point(lambda v: v // 3) for band in cover.split()[:3]] + [cover.getchannel('A')])
        at = (spot[0] + round(rng.uniform(-0.2, 0.7) * w), spot[1] + round(rng.choice((-0.25, 0.55)) * h))
    elif kind == 1:
        cover = Image.new('RGBA', (max(2, round(w * rng.uniform(0.06, 0.16))), 2 * image.height), (*[int(rng.uniform(40, 120))] * 3, 255))
        at = (spot[0] + round(rng.uniform(0, 0.9) * w), -round(rng.uniform(0, 1) * image.height * 0.2))
    else:
        cover = Image.new('RGBA', (w, max(2, round(h * rng.uniform(0.08, 0.2)))), (*[int(rng.uniform(60, 110) if night else rng.uniform(190, 245))] * 3, 235))
        at = (spot[0], spot[1] + (0 if rng.random() < 0.5 else h - cover.height))
        mask = sprite.getchannel('A').crop((0, at[1] - spot[1], w, at[1] - spot[1] + cover.height))
        cover.putalpha(mask)  # snow above, mud below: only on the face
    image.paste(cover, at, cover)
    owner.paste(0, at, cover.getchannel('A').point(lambda a: 255 if a > 127 else 0))


def _glow(image, sprite, spot, name):
    w, h = sprite.size
    x, y = spot[0] + w / 2, spot[1] + h * (0.18 if name.endswith('red') else 0.82)
    _shine(image, x, y, round(h * 0.45), (255, 60, 40) if name.endswith('red') else (70, 255, 160), 0.75)


def _shine(image, x, y, radius, colour, strength):
    """A spot of light that fades with the square of what is left of its radius."""
    ramp = np.linspace(-1, 1, 2 * radius + 1, dtype=np.float32)
    alpha = np.clip(strength - strength * np.hypot(ramp[:, None], ramp[None, :]), 0, 1) ** 2 * 255
    image.paste(colour, (round(x) - radius, round(y) - radius), Image.fromarray(alpha.astype(np.uint8)))


# ---- light, weather, camera --------------------------------------------------------------------------------------------------------------------


def _darkened(rng, picture, backdrop):
    size = picture.shape[0]
    tint = np.array((0.8, 0.9, 1.15), np.float32) * np.float32(rng.uniform(0.1, 0.28))
    light = np.ones((size, size), np.float32)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size
    beam = np.exp(-(((columns - 0.5) / 0.35) ** 2 + ((rows - min(0.95, backdrop.horizon / size + 0.3)) / 0.22) ** 2))
    light += beam * rng.uniform(0.5, 3)
    dark = Image.fromarray(np.clip(picture * light[..., None] * tint, 0, 255).astype(np.uint8))
    for _ in range(rng.integers(0, 9)):  # street lamps, windows, other cars
        x, y, radius = rng.uniform(0, size), backdrop.horizon + rng.normal(-0.08, 0.08) * size, round(size * rng.uniform(0.008, 0.04)) + 1
        _shine(dark, x, y, radius, [(255, 220, 160), (255, 245, 225), (255, 70, 50)][rng.integers(3)], 1.2)
    return np.asarray(dark)


def _fogged(picture, horizon, haze, mist):
    """Thicker with distance: full at the horizon, thin at the lower edge."""
    size = picture.shape[0]
    rows = np.arange(size, dtype=np.float32)
    share = haze * np.clip(1.1 - 0.8 * np.abs(rows - horizon) / size * 2, 0.3, 1)[:, None, None]
    return (picture * (1 - share) + mist.astype(np.float32) * share).astype(np.uint8)


def _rained(rng, image):
    size = image.width
    streaks = Image.new('L', image.size, 0)
    draw = ImageDraw.Draw(streaks)
    slant = rng.normal(0, 0.25)
    for _ in range(rng.integers(100, 420)):
        x, y, length = rng.uniform(0, size), rng.uniform(-20, size), rng.uniform(0.012, 0.05) * size
        draw.line((x, y, x + slant * length, y + length), fill=int(rng.uniform(40, 130)), width=1 if rng.random() < 0.8 else 2)
    streaks = streaks.filter(ImageFilter.BoxBlur(0.6))
    wet = Image.blend(image, Image.new('RGB', image.size, (150, 155, 162)), rng.uniform(0.05, 0.3))
    wet.paste((215, 220, 225), (0, 0), streaks)
    return wet


def _photographed(rng, image, condition):
    """Blur of lens or motion, then exposure, white balance and contrast, then the sensor's noise."""
    size = image.width
    if rng.random() < 0.45:
        image = image.filter(ImageFilter.BoxBlur(rng.uniform(0.2, 1.2) * size / 640))
    pixels = np.asarray(image)
    if rng.random() < 0.12:
        shift = rng.integers(2, 6)
        mean = sum(np.roll(pixels, k, axis=1).astype(np.uint16) for k in range(-(shift // 2), shift - shift // 2))
        pixels = (mean // shift).astype(np.uint8)
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.05, 3))
    gamma = np.exp(rng.normal(0, 0.16))
    ramp = np.arange(256) / 255
    tables = [np.clip(255 * np.clip(ramp * g, 0, 1) ** gamma, 0, 255).astype(np.float32) for g in gain]
    exposed = np.empty(pixels.shape, np.float32)
    for channel, table in enumerate(tables):
        np.take(table, pixels[..., channel], out=exposed[..., channel], mode='clip')
    noise = rng.gamma(2.0, 1.6) + (3 if condition == 'night' else 0)
    film = scenery.texture(rng, 'film', size, size) if size <= 1024 else rng.standard_normal(exposed.shape, dtype=np.float32)
    exposed += film * np.float32(min(noise, 14))
    return Image.fromarray(np.clip(exposed, 0, 255, out=exposed).astype(np.uint8))
