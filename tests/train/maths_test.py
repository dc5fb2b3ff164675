#!/usr/bin/env python3
"""Checks of the training's arithmetic on cases small enough to work out by hand."""
import math
import pathlib
import sys
import tempfile
import unittest

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2] / 'samples' / 'train'
sys.path.insert(0, str(SOURCE))

import torch  # noqa: E402

import checkpoint  # noqa: E402
import data  # noqa: E402
import evaluate  # noqa: E402
import loss  # noqa: E402
import model  # noqa: E402
import quantise  # noqa: E402
import recipe  # noqa: E402
import sparsity  # noqa: E402

torch.set_num_threads(1)
TINY = model.CONFIGS['tiny']


class Decode(unittest.TestCase):
    def test_zero_map_gives_cell_centres_and_anchors(self):
        maps = [torch.zeros(1, 3 * 7, 64 // s, 64 // s) for s in model.STRIDES]
        found = model.decode(maps)[0]
        self.assertEqual(found.shape, (3 * (64 + 16 + 4), 7))
        # Sigmoid of 0 is a half: centre (2 * 0.5 - 0.5 + cell) * stride, size (2 * 0.5)^2 * anchor.
        np.testing.assert_allclose(found[0], [4, 4, 10, 13, .5, .5, .5])
        np.testing.assert_allclose(found[1], [12, 4, 10, 13, .5, .5, .5])          # columns run fastest
        np.testing.assert_allclose(found[64 + 8], [4, 12, 16, 30, .5, .5, .5])     # then rows, then anchors
        np.testing.assert_allclose(found[3 * 64], [8, 8, 30, 61, .5, .5, .5])      # then levels

    def test_channels_of_a_map(self):
        raw = torch.zeros(1, 3 * 7, 8, 8)
        raw[0, 7 + 2, 3, 5] = math.log(3)  # anchor 1's width: sigmoid 0.75, (1.5)^2
        found = model.decode([raw])[0]
        np.testing.assert_allclose(found[64 + 3 * 8 + 5, :4], [44, 28, 16 * 2.25, 30], rtol=1e-6)


class LossCases(unittest.TestCase):
    def test_ciou(self):
        a = torch.tensor([[0., 0, 2, 2], [0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 4, 1]])
        b = torch.tensor([[0., 0, 2, 2], [1, 0, 2, 2], [4, 0, 2, 2], [0, 0, 1, 4]])
        v = 4 / math.pi ** 2 * (math.atan(4) - math.atan(.25)) ** 2
        iou = 1 / 7
        wanted = [1, 1 / 3 - 1 / 13, 0 - 16 / 40, iou - v * v / (v - iou + 1)]
        np.testing.assert_allclose(loss.ciou(a, b), wanted, atol=1e-5)

    def test_match_takes_the_cell_and_its_two_nearest_neighbours(self):
        anchors = torch.tensor([[1.25, 1.625], [2., 3.75], [40., 40.]])
        target = torch.tensor([[3., 7, 4.25, 6.75, 2, 3]])  # nearer to the left and to the lower neighbour
        picture, anchor, row, column, label, box = loss.match(target, anchors, 8, 8)
        got = sorted(zip(anchor.tolist(), row.tolist(), column.tolist()))
        self.assertEqual(got, [(a, r, c) for a in (0, 1) for r, c in ((6, 3), (6, 4), (7, 4))])  # the third anchor is 20 times as wide
        self.assertTrue((picture == 3).all() and (label == 7).all())
        np.testing.assert_allclose(box[:, 0] + column, 4.25)
        np.testing.assert_allclose(box[:, 1] + row, 6.75)
        self.assertTrue(((box[:, :2] > -0.5) & (box[:, :2] < 1.5)).all())  # what a prediction can reach

    def test_match_stays_inside(self):
        *_, row, column, _, _ = loss.match(torch.tensor([[0., 0, .2, 7.9, 1, 1]]), torch.tensor([[1., 1]]), 8, 8)
        self.assertEqual(list(zip(row.tolist(), column.tolist())), [(7, 0)])

    def test_value_of_an_untrained_map_without_objects(self):
        maps = [torch.zeros(2, 3 * 7, 64 // s, 64 // s) for s in model.STRIDES]
        total, parts = loss.Loss({'box': .05, 'obj': 1.0, 'cls': .5}, 2, 640)(maps, torch.zeros(0, 6))
        np.testing.assert_allclose(parts, [0, math.log(2) * 5.4, 0], rtol=1e-5)
        self.assertAlmostEqual(float(total), 2 * math.log(2) * 5.4, places=4)

    def test_perfect_prediction_costs_next_to_nothing(self):
        maps = [torch.zeros(1, 3 * 7, 64 // s, 64 // s) for s in model.STRIDES]
        target = torch.tensor([[0., 1, 28 / 64, 28 / 64, 16 / 64, 30 / 64]])  # the centre of cell (3, 3) on level 0
        for raw, stride, level in zip(maps, model.STRIDES, model.ANCHORS):
            p = raw.view(3, 7, 64 // stride, 64 // stride)
            p[:, 4] = -20
            anchors = torch.tensor(level).float() / stride
            scaled = target * torch.tensor([1, 1, *[64 / stride] * 4])
            _, anchor, row, column, _, box = loss.match(scaled, anchors, 64 // stride, 64 // stride)
            for a, r, c, b in zip(anchor, row, column, box):
                p[a, :2, r, c] = torch.logit((b[:2] + .5) / 2, 1e-6)
                p[a, 2:4, r, c] = torch.logit((b[2:] / anchors[a]).sqrt() / 2, 1e-6)
                p[a, 4:, r, c] = torch.tensor([20., -20, 20])
        total, parts = loss.Loss({'box': .05, 'obj': 1.0, 'cls': .5}, 2, 640)(maps, target)
        self.assertLess(float(total), 1e-3)

    def test_objectness_target_is_the_iou_reached(self):
        raw = torch.zeros(1, 3 * 6, 8, 8, requires_grad=True)
        target = torch.tensor([[0., 0, 28 / 64, 28 / 64, 10 / 64, 13 / 64]])
        maps = [raw, torch.zeros(1, 18, 4, 4), torch.zeros(1, 18, 2, 2)]
        total, _ = loss.Loss({'box': 0., 'obj': 1.0, 'cls': 0.}, 1, 640)(maps, target)
        total.backward()
        gradient = raw.grad.view(3, 6, 8, 8)[:, 4] * 192 / 4  # of mean cross entropy times balance 4: sigmoid(0) - target
        self.assertAlmostEqual(float(gradient[0, 3, 3]), 0.5 - 1.0, places=4)  # anchor 0 there is the object itself
        self.assertAlmostEqual(float(gradient[0, 0, 0]), 0.5, places=5)


class MeanAveragePrecision(unittest.TestCase):
    def test_worked_case(self):
        # Two objects; the first detection is right, the second is not, the third is: precision 1 up to recall 0.5, then 2/3.
        self.assertAlmostEqual(evaluate.average_precision(np.array([1, 0, 1]), 2), (51 * 1 + 50 * 2 / 3) / 101, places=6)
        self.assertEqual(evaluate.average_precision(np.array([1, 1]), 2), 1.0)
        self.assertEqual(evaluate.average_precision(np.array([], bool), 2), 0.0)

    def test_thresholds_classes_and_second_claims(self):
        score = evaluate.Score(['a', 'b', 'never'])
        wanted = np.array([[0, 0, 0, 10, 10], [1, 20, 20, 30, 30.]])
        found = np.array([[0, 0, 10, 8, .9, 0],     # IoU 0.8: right up to 0.8
                          [0, 0, 10, 10, .8, 0],    # perfect, but where the first one counts, its object is taken
                          [20, 20, 30, 30, .7, 1],
                          [20, 20, 30, 30, .6, 0]])  # wrong class
        score.add(found, wanted)
        result = score.result()
        self.assertEqual(result['classes']['a']['mAP50'], 1.0)
        self.assertAlmostEqual(result['classes']['a']['mAP50-95'], (7 * 1 + 3 * .5) / 10, places=6)  # 0.5 ... 0.8, then 0.85 ... 0.95
        self.assertEqual(result['classes']['b'], {'objects': 1, 'mAP50': 1.0, 'mAP50-95': 1.0})
        self.assertNotIn('never', result['classes'])
        self.assertEqual(result['mAP50'], 1.0)

    def test_suppression_is_by_class(self):
        decoded = np.array([[50, 50, 20, 20, .9, .9, .0], [51, 50, 20, 20, .8, .9, .0], [50, 50, 20, 20, .9, .0, .8]])
        found = evaluate.detections(decoded, confidence=0.1, iou=0.6)
        np.testing.assert_allclose(found[:, 4], [.81, .72])
        np.testing.assert_allclose(found[0], [40, 40, 60, 60, .81, 0])
        self.assertEqual(found[1, 5], 1)


class Pruning(unittest.TestCase):
    def test_cubic_schedule(self):
        self.assertEqual([sparsity.cubic(0.0, 0.8, t) for t in (-1, 0, 1, 2)], [0, 0, .8, .8])
        self.assertAlmostEqual(sparsity.cubic(0.0, 0.8, 0.5), 0.8 * (1 - 1 / 8))

    def test_blocks_run_along_input_channels(self):
        weight = torch.rand(4, 8, 3, 3) + 1
        weight[1, 4:8, 2, 0] = 0.01
        weight[3, 0:4, 0, 1] = 0.02
        mask = sparsity.block_mask(weight, 2 / 72, 4)
        self.assertEqual(int((~mask).sum()), 8)
        self.assertFalse(mask[1, 4:8, 2, 0].any() or mask[3, 0:4, 0, 1].any())

    def test_pruned_blocks_stay_pruned(self):
        net, masks = model.Yolo(TINY, 2), sparsity.Masks()
        masks.prune(net, lambda name: 0.5)
        first = {name: mask.clone() for name, mask in masks.masks.items()}
        masks.prune(net, lambda name: 0.75)
        for name, mask in masks.masks.items():
            self.assertFalse((mask & ~first[name]).any(), name)
        layers, total = sparsity.layer_sparsity(net)
        self.assertAlmostEqual(total, 0.75, places=3)
        self.assertNotIn('model.0.conv', layers)


class Quantisation(unittest.TestCase):
    def test_rounding_by_hand(self):
        rounder = quantise.FakeQuantise(-1.0, 4.1, fixed=True)  # steps of 0.02, zero at 50
        x = torch.tensor([0.0, 0.031, -0.29, 9.0, -3.0])
        np.testing.assert_allclose(rounder(x), [0, .04, -.28 if round(-14.5) == -14 else -.3, 4.1, -1.0], atol=1e-5)

    def test_observer_is_a_moving_average_that_starts_at_the_first_batch(self):
        rounder = quantise.FakeQuantise(momentum=0.1).train()
        rounder(torch.tensor([-1.0, 3.0]))
        np.testing.assert_allclose(rounder.range, [-1, 3])
        rounder(torch.tensor([1.0, 5.0]))
        np.testing.assert_allclose(rounder.range, [-0.9, 3.2], rtol=1e-6)
        rounder.eval()(torch.tensor([100.0]))
        np.testing.assert_allclose(rounder.range, [-0.9, 3.2], rtol=1e-6)

    def test_folding_changes_nothing(self):
        net = model.Yolo(TINY, 3)
        x = torch.rand(2, 3, 64, 64)
        net.train()(x)  # statistics other than 0 and 1
        net.eval()
        with torch.no_grad():
            for one, other in zip(net(x), quantise.trace(net, rounded=False).eval()(x)):
                np.testing.assert_allclose(one, other, atol=1e-4)

    def test_exactly_the_readers_inputs_are_rounded(self):
        traced = quantise.trace(model.Yolo(TINY, 3), rounded=True)
        modules = dict(traced.named_modules())
        for node in traced.graph.nodes:
            module = modules.get(node.target) if node.op == 'call_module' else None
            if isinstance(module, quantise.FoldedConv):
                self.assertTrue(node.args[0].target.startswith('rounders.'))
            if isinstance(module, quantise.FakeQuantise):
                self.assertEqual([node], list(node.args[0].users))  # all other uses read the rounded tensor
                self.assertTrue(any(isinstance(modules.get(u.target), quantise.FoldedConv) for u in node.users))


class Checkpoints(unittest.TestCase):
    def test_round_trip_keeps_zeros_and_new_heads_keep_common_classes(self):
        net, masks = model.Yolo(TINY, 2), sparsity.Masks()
        masks.prune(net, lambda name: 0.6)
        traced = quantise.trace(net, rounded=True).train()
        traced(torch.rand(1, 3, 64, 64))
        with tempfile.TemporaryDirectory() as folder:
            path = f'{folder}/a.pt'
            checkpoint.save(path, traced, masks, config=TINY, names=['x', 'y'], imgsz=64)
            loaded = checkpoint.Checkpoint(path)
        again = loaded.model()
        self.assertEqual(sparsity.layer_sparsity(again), sparsity.layer_sparsity(traced))
        for name, value in traced.state_dict().items():
            np.testing.assert_allclose(again.state_dict()[name], value, rtol=1e-3, atol=1e-6, err_msg=name)
        wider = loaded.model(['y', 'z', 'x'], quantised=False)
        old, new = net.model[24].m[1].weight.view(3, 7, -1), wider.model[24].m[1].weight.view(3, 8, -1)
        for i, j in ((0, 0), (4, 4), (5, 7), (6, 5)):
            np.testing.assert_allclose(new[:, j].detach(), old[:, i].detach(), rtol=1e-3, atol=1e-6)
        fresh = loaded.model(['p', 'q'], quantised=False)
        self.assertFalse(torch.allclose(fresh.model[24].m[1].weight, net.model[24].m[1].weight, rtol=1e-2))


class Datasets(unittest.TestCase):
    def test_roboflow_paths_polygons_and_errors(self):
        from PIL import Image
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for part in ('train/images', 'train/labels', 'valid/images'):
                (root / part).mkdir(parents=True)
            Image.new('RGB', (64, 32), (200, 0, 0)).save(root / 'train/images/a.jpg')
            Image.new('RGB', (32, 32)).save(root / 'valid/images/b.png')
            (root / 'train/labels/a.txt').write_text('1 0.5 0.5 0.25 0.5\n0 0.1 0.2 0.3 0.2 0.3 0.6\n')
            (root / 'data.yaml').write_text('train: ../train/images\nval: ../valid/images\nnc: 2\nnames: [a, b]\n')
            dataset = data.DataSet(root / 'data.yaml')
            pictures = data.Pictures(dataset.pictures('train'), 2, 64)
            image, labels = pictures[(0, 0)]
            self.assertEqual(image.shape, (3, 64, 64))
            self.assertEqual(image[:, 0, 0].tolist(), [data.GREY] * 3)
            np.testing.assert_allclose(labels, [[1, .5, .5, .25, .25], [0, .2, .45, .2, .2]], atol=1e-6)
            image, labels = data.Pictures(dataset.pictures('val'), 2, 64)[(0, 0)]
            self.assertEqual(len(labels), 0)
            (root / 'train/labels/a.txt').write_text('2 0.5 0.5 0.25 0.5\n')
            with self.assertRaisesRegex(data.DataError, 'a.txt:1: expected'):
                data.Pictures(dataset.pictures('train'), 2, 64)
            with self.assertRaisesRegex(data.DataError, 'no "test"'):
                dataset.pictures('test')

    def test_mosaic_keeps_boxes_on_their_objects(self):
        # Each picture is black with one white rectangle; whatever the mosaic does, boxes enclose white, and seldom anything else.
        from PIL import Image, ImageDraw
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / 'images').mkdir()
            (root / 'labels').mkdir()
            for i, (x, y, w, h) in enumerate(((20, 30, 40, 20), (70, 80, 30, 40), (10, 90, 24, 24), (60, 10, 50, 30))):
                image = Image.new('RGB', (128, 128))
                ImageDraw.Draw(image).rectangle((x, y, x + w - 1, y + h - 1), fill=(255, 255, 255))
                image.save(root / f'images/{i}.png')
                (root / f'labels/{i}.txt').write_text(f'0 {(x + w / 2) / 128} {(y + h / 2) / 128} {w / 128} {h / 128}\n')
            hyp = {'mosaic': 1.0, 'scale': 0.4, 'zoom': 1.0, 'aim': 0.0, 'hsv_h': 0, 'hsv_s': 0, 'hsv_v': 0, 'fliplr': 0}
            pictures = data.Pictures(sorted((root / 'images').iterdir()), 1, 128, hyp)
            seen = 0
            for epoch in range(10):
                image, labels = pictures[(epoch, epoch % 4)]
                again, _ = pictures[(epoch, epoch % 4)]
                self.assertTrue((image == again).all())
                for _, x, y, w, h in (labels * 128).tolist():
                    inside = image[0, max(0, round(y - h / 2)):round(y + h / 2), max(0, round(x - w / 2)):round(x + w / 2)].float() / 255
                    self.assertGreater(float(inside.mean()), 0.85)
                    seen += 1
            self.assertGreater(seen, 8)


class Recipes(unittest.TestCase):
    def test_shipped_recipes_and_errors(self):
        for path in sorted((SOURCE / 'recipes').glob('*.yaml')):
            recipe.Recipe(path)
        scratch = recipe.Recipe(SOURCE / 'recipes/scratch.yaml', epochs=30)
        self.assertEqual(scratch.pruning['end_epoch'], 20)
        self.assertAlmostEqual(scratch.learning_rate(30, 0), 0.0002)
        with tempfile.NamedTemporaryFile('w', suffix='.yaml') as file:
            file.write('modifiers:\n  - !EpochRangeModifier {end_epochs: 3}\n')
            file.flush()
            with self.assertRaisesRegex(recipe.RecipeError, 'has no end_epochs; it takes start_epoch, end_epoch'):
                recipe.Recipe(file.name)


if __name__ == '__main__':
    unittest.main()
