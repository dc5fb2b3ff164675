"""Datasets in YOLOv5's format, and how pictures are prepared: letterbox to look, mosaic and colour shifts to learn.

data.yaml names folders (or lists) of pictures; labels lie in `labels` beside `images`, a line per object: class, centre x, y, width, height in
parts of the picture (or class and a polygon). No label file means background. Every random choice comes from a generator seeded with (seed, epoch,
picture), so a resumed run sees what an uninterrupted one sees.

Training at 320 pixels for a model that runs at 640 need not mean smaller objects: with `zoom` 2 the mosaic is pieced together from windows of the pictures at twice the size.
"""
import pathlib

import numpy as np
import torch
import yaml
from PIL import Image, ImageOps

SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.webp'}
GREY = 114


class DataError(Exception):
    pass


def read_yaml(path):
    try:
        return yaml.safe_load(pathlib.Path(path).read_text())
    except OSError as error:
        raise DataError(f'{path}: {error.strerror}') from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f'{path}: {error}') from None


class DataSet:
    """What a data.yaml says."""

    def __init__(self, path):
        self.file = pathlib.Path(path)
        said = read_yaml(path)
        if not isinstance(said, dict) or 'names' not in said:
            raise DataError(f'{path}: no "names"; a data.yaml gives train, val and names')
        names = said['names']
        self.names = [str(names[key]) for key in sorted(names)] if isinstance(names, dict) else [str(name) for name in names]
        if said.get('nc', len(self.names)) != len(self.names):
            raise DataError(f'{path}: nc is {said["nc"]}, but there are {len(self.names)} names')
        self.said = {'train': said.get('train'), 'val': said.get('val', said.get('valid')), 'test': said.get('test')}
        self.root = pathlib.Path(said.get('path') or '.')

    def pictures(self, split):
        places = self.said[split]
        if not places:
            raise DataError(f'{self.file}: no "{split}"')
        found = []
        for place in places if isinstance(places, list) else [places]:
            place = self._resolve(place, split)
            if place.is_dir():
                found += [p for p in sorted(place.rglob('*')) if p.suffix.lower() in SUFFIXES]
            else:
                found += [self._resolve(line, split) for line in place.read_text().split('\n') if line.strip()]
        if not found:
            raise DataError(f'{self.file}: "{split}" has no pictures')
        return found

    def _resolve(self, place, split):
        """Relative to `path`, to the file, or to where we stand; Roboflow writes ../train/images and means train/images beside the file."""
        beside = self.file.parent
        place = str(place).strip()
        bare = place[3:] if place.startswith('../') else place
        candidates = [beside / self.root / place, self.root / place, beside / place, beside / bare, pathlib.Path(place)]
        for candidate in candidates:
            if candidate.exists():
                return candidate
        raise DataError(f'{self.file}: "{split}": {place} does not exist; looked for ' + ', '.join(dict.fromkeys(str(c) for c in candidates)))


def label_file(picture):
    """.../images/a.jpg -> .../labels/a.txt, by the last folder named images."""
    parts = list(picture.parts)
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == 'images':
            parts[i] = 'labels'
            break
    return pathlib.Path(*parts).with_suffix('.txt')


def read_labels(path, classes):
    """Rows of (class, x, y, width, height) as float32."""
    rows = []
    if not path.exists():
        return np.zeros((0, 5), np.float32)
    for number, line in enumerate(path.read_text().split('\n'), 1):
        try:
            values = [float(word) for word in line.split()]
        except ValueError:
            raise DataError(f'{path}:{number}: not a row of numbers') from None
        if not values:
            continue
        if len(values) > 6 and len(values) % 2 == 1:  # a polygon: take its extent
            points = np.array(values[1:]).reshape(-1, 2)
            low, high = points.min(0), points.max(0)
            values = [values[0], *(low + high) / 2, *(high - low)]
        if len(values) != 5 or not 0 <= values[0] < classes or values[0] != int(values[0]):
            raise DataError(f'{path}:{number}: expected "class x y width height" with a class below {classes}')
        if values[3] > 0 and values[4] > 0:
            rows.append(values)
    return np.array(rows, np.float32).reshape(-1, 5)


def load_picture(path, size):
    """RGB, upright as the camera's orientation says, its longer side scaled to `size`."""
    try:
        with Image.open(path) as image:
            image = ImageOps.exif_transpose(image).convert('RGB')
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f'{path}: {error}') from None
    scale = size / max(image.size)
    shape = tuple(max(1, round(side * scale)) for side in image.size)
    return image if shape == image.size else image.resize(shape, Image.Resampling.BILINEAR)


class Pictures(torch.utils.data.Dataset):
    """Items are asked for by (epoch, index): (picture uint8 3 x size x size, rows of class, x, y, w, h). With `hyp`, pictures are augmented."""

    def __init__(self, paths, classes, size, hyp=None, seed=0, cache=False):
        self.paths, self.size, self.hyp, self.seed = paths, size, hyp, seed
        self.kept = size if hyp is None else round(size * max(1.0, hyp['zoom']))  # the longer side of pictures in memory
        self.labels = [read_labels(label_file(path), classes) for path in paths]
        self.cache = [np.asarray(load_picture(path, self.kept)) for path in paths] if cache else None

    def __len__(self):
        return len(self.paths)

    def picture(self, index):
        return Image.fromarray(self.cache[index]) if self.cache else load_picture(self.paths[index], self.kept)

    def _letterboxed(self, index):
        image = self.picture(index)
        if self.kept != self.size:
            scale = self.size / self.kept
            image = image.resize(tuple(max(1, round(side * scale)) for side in image.size), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return letterbox(image, self.labels[index], self.size)

    def __getitem__(self, key):
        epoch, index = key
        if self.hyp is None:
            image, labels = self._letterboxed(index)
        else:
            rng = np.random.default_rng([self.seed, epoch, index])
            if rng.random() < self.hyp['mosaic']:
                image, labels = self._mosaic(rng, index)
            else:
                image, labels = self._letterboxed(index)
            image, labels = colour_shift(rng, image, self.hyp), labels.copy()
            if rng.random() < self.hyp['fliplr']:  # 0 where left and right mean something, as on signs
                image, labels[:, 1] = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 1 - labels[:, 1]
        return torch.from_numpy(np.array(image).transpose(2, 0, 1).copy()), torch.from_numpy(labels)

    def _mosaic(self, rng, index):
        """Four pictures meet at a random point, each at its own scale and cut to its quarter."""
        size = self.size
        canvas = Image.new('RGB', (size, size), (GREY,) * 3)
        cx, cy = (int(v) for v in rng.uniform(0.3, 0.7, 2) * size)
        quarters = ((0, 0, cx, cy), (cx, 0, size, cy), (0, cy, cx, size), (cx, cy, size, size))
        indices = [index, *rng.integers(len(self), size=3)]
        rows = [self._paste(rng, canvas, quarter, i) for quarter, i in zip(quarters, rng.permutation(indices))]
        return canvas, np.concatenate(rows)

    def _paste(self, rng, canvas, quarter, index):
        """A window of the picture, as large as the quarter after scaling, goes there; grey where the window leaves the picture. Windows smaller than the
        picture mostly have one of its objects' centres inside, or most would show none."""
        image, labels = self.picture(index), self.labels[index].copy()
        x0, y0, x1, y1 = quarter
        spread = self.hyp['scale']
        gain = rng.uniform(1 - spread, 1 + spread) * self.hyp['zoom'] * self.size / self.kept
        window = np.array((x1 - x0, y1 - y0)) / gain
        slack = np.array(image.size) - window
        corner = rng.uniform(np.minimum(slack, 0), np.maximum(slack, 0))
        if len(labels) and rng.random() < self.hyp['aim']:
            aimed = labels[rng.integers(len(labels)), 1:3] * image.size - rng.uniform(0.1, 0.9, 2) * window
            corner = np.clip(aimed, np.minimum(slack, 0), np.maximum(slack, 0))
        low, high = np.maximum(corner, 0), np.minimum(corner + window, image.size)
        target_low, target_high = np.round((low - corner) * gain).astype(int), np.round((high - corner) * gain).astype(int)
        if (target_high > target_low).all():
            part = image.resize(tuple(int(v) for v in target_high - target_low), Image.Resampling.BILINEAR, box=(*low, *high))
            canvas.paste(part, (x0 + int(target_low[0]), y0 + int(target_low[1])))
        centre = (labels[:, 1:3] * image.size - corner) * gain + (x0, y0)
        half = labels[:, 3:5] * image.size * gain / 2
        box_low, box_high = np.maximum(centre - half, (x0, y0)), np.minimum(centre + half, (x1, y1))
        extent = np.maximum(box_high - box_low, 0)
        keep = (extent.prod(1) > 0.4 * (4 * half.prod(1))) & (extent.min(1, initial=canvas.width) > 3)
        labels[:, 1:3], labels[:, 3:5] = (box_low + box_high) / 2 / canvas.width, extent / canvas.width
        return labels[keep].astype(np.float32)


def letterbox(image, labels, size):
    """Centred on grey. `image` has its longer side at `size` already."""
    width, height = image.size
    left, top = (size - width) // 2, (size - height) // 2
    canvas = image
    if (width, height) != (size, size):
        canvas = Image.new('RGB', (size, size), (GREY,) * 3)
        canvas.paste(image, (left, top))
    labels = labels.copy()
    labels[:, 1:3] = (labels[:, 1:3] * (width, height) + (left, top)) / size
    labels[:, 3:5] = labels[:, 3:5] * (width, height) / size
    return canvas, labels


def colour_shift(rng, image, hyp):
    """Random gains of hue, saturation and value, by tables over the 256 levels."""
    gain = 1 + rng.uniform(-1, 1, 3) * (hyp['hsv_h'], hyp['hsv_s'], hyp['hsv_v'])
    levels = np.arange(256)
    tables = [(levels + round((gain[0] - 1) * 255)) % 256, np.clip(levels * gain[1], 0, 255), np.clip(levels * gain[2], 0, 255)]
    return image.convert('HSV').point([int(v) for table in tables for v in table]).convert('RGB')


def collate(items):
    """Stacks pictures; rows of all labels get the picture's place in the batch in front."""
    rows = [torch.cat((torch.full((len(labels), 1), float(i)), labels), 1) for i, (_, labels) in enumerate(items)]
    return torch.stack([picture for picture, _ in items]), torch.cat(rows)


def batches(dataset, size, workers, epoch=None, seed=0):
    """The dataset in batches: shuffled for an epoch of training, in order without."""
    order = np.arange(len(dataset)) if epoch is None else np.random.default_rng([seed, epoch]).permutation(len(dataset))
    keys = [[(epoch or 0, int(i)) for i in order[at:at + size]] for at in range(0, len(order), size)]
    return torch.utils.data.DataLoader(dataset, batch_sampler=keys, num_workers=workers, collate_fn=collate)
