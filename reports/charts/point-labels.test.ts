import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { placeLabels } from './point-labels.js';

const WIDTH = 600;
const HEIGHT = 260;
const point = fc.record({
  x: fc.integer({ min: 0, max: WIDTH }),
  y: fc.integer({ min: 0, max: HEIGHT }),
  name: fc.option(fc.string({ minLength: 1, maxLength: 32 })),
});

it('sets a lone name up and to the right, and inward at the right edge', () => {
  expect(placeLabels([{ x: 300, y: 100, name: 'ten' }], WIDTH, HEIGHT)).toMatchObject([{ index: 0, align: 'left' }]);
  expect(placeLabels([{ x: 595, y: 100, name: 'ten' }], WIDTH, HEIGHT)).toMatchObject([{ align: 'right' }]);
  expect(placeLabels([{ x: 300, y: 5, name: 'ten' }], WIDTH, HEIGHT)[0]!.dy).toBeGreaterThan(0);
});

it('leaves a name out where there is no room for it', () => {
  const crowd = Array.from({ length: 12 }, () => ({ x: 300, y: 130, name: 'a name' }));
  const placed = placeLabels(crowd, WIDTH, HEIGHT);
  expect(placed.length).toBeGreaterThan(1);
  expect(placed.length).toBeLessThan(12);
});

it('covers no point and no other name, and stays within the plot', () => {
  fc.assert(
    fc.property(fc.array(point, { maxLength: 20 }), (points) => {
      const boxes = placeLabels(points, WIDTH, HEIGHT).map(({ index, name, align, dx, dy }) => {
        expect(name).toBe(points[index]!.name);
        const width = Array.from(name).length * 6;
        const anchor = points[index]!.x + dx;
        const left = { left: anchor, right: anchor - width, center: anchor - width / 2 }[align];
        return { left, right: left + width, middle: points[index]!.y + dy };
      });
      for (const [index, box] of boxes.entries()) {
        expect(box.left).toBeGreaterThanOrEqual(0);
        expect(box.right).toBeLessThanOrEqual(WIDTH);
        expect(box.middle).toBeGreaterThanOrEqual(6);
        expect(box.middle).toBeLessThanOrEqual(HEIGHT - 6);
        for (const { x, y } of points) {
          expect(x >= box.left && x <= box.right && Math.abs(y - box.middle) < 6).toBe(false);
        }
        for (const other of boxes.slice(index + 1)) {
          const apart = other.left >= box.right || box.left >= other.right || Math.abs(other.middle - box.middle) >= 12;
          expect(apart).toBe(true);
        }
      }
    }),
  );
});
