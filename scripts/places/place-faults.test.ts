import { describe, expect, it } from 'vitest';
import { placeFaults } from './place-faults.ts';

const machine = { root: '/build/skein/', temporary: '/tmp', registry: 'https://packages.example:8080/npm/' };
/** Joined here, so that this file passes the check that it tests. */
const join = (...parts: readonly string[]) => parts.join('');

describe('placeFaults', () => {
  it.each([
    ['a registry', join('"resolved": "https://reg', 'istry.example.org/a.tgz"')],
    ['a mirror', join('see http://mir', 'ror.example.org/simple')],
    ['the configured registry', 'from packages.example:8080'],
    ['a home on Linux', join('/ho', 'me/ada/models')],
    ['a home on macOS', join('/Us', 'ers/ada/models')],
    ['a home on Windows', join('C:\\Us', 'ers\\ada')],
    ["root's home", join('cache in /ro', 'ot/.cache')],
    ['the checkout', 'in /build/skein/models'],
    ['what lies beside the checkout', 'in /build/other'],
  ])('finds %s', (_what, line) => {
    expect(placeFaults(`first\n${line}\nlast`, machine)).toEqual([
      { line: 2, message: expect.stringMatching(/place of/) },
    ]);
  });

  it.each([
    'https://arxiv.org/abs/2106.09685',
    'a folder such as models/skein-small',
    'registry.list.push(tool)',
    '/usr/share/vulkan',
    'below ${root}/packages',
  ])('lets pass: %s', (line) => {
    expect(placeFaults(line, machine)).toEqual([]);
  });

  it('takes no offence at the temporary folder where the checkout lies in it', () => {
    expect(placeFaults('in /tmp/skein-lock-1', { ...machine, root: '/tmp/skein' })).toEqual([]);
  });
});
