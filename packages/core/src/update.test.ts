import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flattenUpdate, type UpdateTensor, unflattenUpdate } from './update.ts';
import { digestOfUpdateManifest, parseUpdateManifest, updateElementCount } from './update-manifest.ts';

const tensor = (name: string, dims: number[], from = 0): UpdateTensor => {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return { name, dims, dtype: 'BF16', data: Float32Array.from({ length }, (_, i) => from + i) };
};

const anyTensors = fc.uniqueArray(
  fc
    .tuple(fc.string({ unit: 'binary', maxLength: 6 }), fc.array(fc.nat(3), { maxLength: 3 }), fc.nat(99))
    .map(([name, dims, from]) => tensor(name, dims, from)),
  { selector: ({ name }) => name, minLength: 1, maxLength: 6 },
);

describe('an update', () => {
  it('lays its tensors out by name', () => {
    const { manifest, values } = flattenUpdate([tensor('b', [2, 2], 10), tensor('a', [3])]);
    expect(manifest).toEqual({
      version: 'update/1',
      tensors: [
        { name: 'a', dims: [3], dtype: 'BF16', offset: 0 },
        { name: 'b', dims: [2, 2], dtype: 'BF16', offset: 3 },
      ],
    });
    expect([...values]).toEqual([0, 1, 2, 10, 11, 12, 13]);
    expect(updateElementCount(manifest)).toBe(7);
  });

  it('comes apart as it was put together, whatever the order, with one digest', () => {
    fc.assert(
      fc.property(anyTensors, (tensors) => {
        const update = flattenUpdate(tensors);
        const backwards = flattenUpdate(tensors.toReversed());
        expect(backwards).toEqual(update);
        expect(digestOfUpdateManifest(backwards.manifest)).toBe(digestOfUpdateManifest(update.manifest));
        const apart = new Map(unflattenUpdate(update).map((part) => [part.name, part]));
        expect(apart).toEqual(new Map(tensors.map((part) => [part.name, part])));
      }),
    );
  });

  it('has a manifest that survives JSON', () => {
    fc.assert(
      fc.property(anyTensors, (tensors) => {
        const { manifest } = flattenUpdate(tensors);
        expect(parseUpdateManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
      }),
    );
  });

  it('comes apart into views', () => {
    const update = flattenUpdate([tensor('a', [2])]);
    update.values[1] = 7;
    expect(unflattenUpdate(update)[0]?.data[1]).toBe(7);
  });

  it('refuses what does not fit', () => {
    expect(() => flattenUpdate([])).toThrow(RangeError);
    expect(() => flattenUpdate([tensor('a', [1]), tensor('a', [2])])).toThrow('Two tensors are named "a"');
    expect(() => flattenUpdate([{ ...tensor('a', [1]), dims: [2] }])).toThrow('shape [2]');
    const { manifest } = flattenUpdate([tensor('a', [2])]);
    expect(() => unflattenUpdate({ manifest, values: new Float32Array(3) })).toThrow(RangeError);
  });
});

describe('a manifest from outside', () => {
  const entry = (changes: object): object => ({ name: 'a', dims: [2], dtype: 'F32', offset: 0, ...changes });
  const manifest = (...tensors: object[]): object => ({ version: 'update/1', tensors });

  it.each<[string, unknown, string]>([
    ['no object', 7, 'its root'],
    ['another version', { ...manifest(entry({})), version: 'update/2' }, 'version'],
    ['an unknown member', { ...manifest(entry({})), extra: 1 }, 'its root'],
    ['no tensor', manifest(), 'tensors'],
    ['a negative dim', manifest(entry({ dims: [-1] })), 'tensors.0.dims.0'],
    ['a type that no update has', manifest(entry({ dtype: 'I8' })), 'tensors.0.dtype'],
    ['a lone surrogate', manifest(entry({ name: '\ud800' })), 'tensors.0.name'],
    ['a first tensor not at 0', manifest(entry({ offset: 1 })), 'tensors.0.offset'],
    ['a hole', manifest(entry({}), entry({ name: 'b', offset: 3 })), 'tensors.1.offset'],
    ['an overlap', manifest(entry({}), entry({ name: 'b', offset: 1 })), 'tensors.1.offset'],
    ['names out of order', manifest(entry({ name: 'b' }), entry({ offset: 2 })), 'tensors.1.name'],
    ['a name twice', manifest(entry({}), entry({ offset: 2 })), 'tensors.1.name'],
    ['too many elements', manifest(entry({ dims: [2 ** 40, 2 ** 40] })), 'tensors.0.dims'],
  ])('is refused with %s', (_, value, path) => {
    const expected = expect.objectContaining({ code: 'core/bad-update-manifest', info: { path } });
    expect(() => parseUpdateManifest(value)).toThrow(expected);
  });
});
