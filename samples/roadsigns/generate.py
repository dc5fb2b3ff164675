#!/usr/bin/env python3
"""Writes a dataset of synthetic road scenes in YOLOv5's format: SPLIT/images/*.jpg, SPLIT/labels/*.txt and data.yaml.

Scene i of a split is drawn from a random generator seeded with (seed, split, i) alone: the same seed gives the same bytes, whatever the number
of processes, and more scenes only add to fewer.
"""
import argparse
import multiprocessing
import os
import pathlib
import sys
import time

import numpy as np

import scene
import signs

SPLITS = ('train', 'valid', 'test')


def write_scene(job):
    folder, options, split, index = job
    rng = np.random.default_rng([options.seed, SPLITS.index(split), index])
    picture, labels = scene.render(rng, options.size, options.classes, options.condition)
    quality = int(rng.integers(75, 95))
    picture.save(folder / split / 'images' / f'{index:06d}.jpg', quality=options.quality or quality)
    text = ''.join('%d %.6f %.6f %.6f %.6f\n' % row for row in labels)
    (folder / split / 'labels' / f'{index:06d}.txt').write_text(text)


def data_yaml(classes):
    names = ''.join(f'  {i}: {name}\n' for i, name in enumerate(classes))
    return f'path: .\ntrain: train/images\nval: valid/images\ntest: test/images\nnc: {len(classes)}\nnames:\n{names}'


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--train', type=int, default=4000, help='scenes to train on')
    parser.add_argument('--valid', type=int, default=300, help='scenes to choose by')
    parser.add_argument('--test', type=int, default=1000, help='scenes to report on')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--size', type=int, default=640, help="the pictures' width and height")
    parser.add_argument('--condition', choices=('mixed',) + scene.CONDITIONS, default='mixed')
    parser.add_argument('--classes', type=lambda text: text.split(','), default=signs.CLASSES,
                        help=f'names, separated by commas; default: {",".join(signs.CLASSES)}; there are also {",".join(signs.EXTRA_CLASSES)}')
    parser.add_argument('--add-classes', type=lambda text: text.split(','), default=[], help='names to append to --classes')
    parser.add_argument('--quality', type=int, choices=range(1, 96), metavar='1..95', help='of the JPEG files (default: 75 to 94, at random)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)
    options.classes = list(options.classes) + options.add_classes
    unknown = [name for name in options.classes if name not in signs.CLASSES + signs.EXTRA_CLASSES]
    if unknown:
        parser.error(f'no such class: {", ".join(unknown)}; there are {", ".join(signs.CLASSES + signs.EXTRA_CLASSES)}')
    if options.size < 64 or min(options.train, options.valid, options.test) < 0 or options.jobs < 1:
        parser.error('--size must be at least 64, numbers of scenes at least 0, --jobs at least 1')
    return options


def main(arguments=None):
    options = parse(arguments)
    jobs = []
    for split in SPLITS:
        for part in ('images', 'labels'):
            (options.folder / split / part).mkdir(parents=True, exist_ok=True)
        jobs += [(options.folder, options, split, index) for index in range(getattr(options, split))]
    (options.folder / 'data.yaml').write_text(data_yaml(options.classes))
    begin = time.time()
    with multiprocessing.Pool(options.jobs) as pool:
        for done, _ in enumerate(pool.imap_unordered(write_scene, jobs, chunksize=4), 1):
            if done % 100 == 0 or done == len(jobs):
                print(f'\r{done} of {len(jobs)} scenes, {done / (time.time() - begin):.1f} per second', end='', flush=True, file=sys.stderr)
    print(file=sys.stderr)


if __name__ == '__main__':
    main()
