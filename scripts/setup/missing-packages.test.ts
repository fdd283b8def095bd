import { describe, expect, it } from 'vitest';
import { missingPackages } from './missing-packages.js';

const LINUX = { os: 'linux', cpu: 'x64', libc: 'glibc' };
const a = { version: '1.0.0', integrity: 'sha512-a' };

describe('missingPackages', () => {
  it('finds nothing where the trees agree, and ignores what is installed besides', () => {
    expect(
      missingPackages({ '': {}, 'node_modules/a': a }, { 'node_modules/a': a, 'node_modules/b': a }, LINUX),
    ).toEqual([]);
  });

  it.each([
    ['is absent', {}],
    ['has another version', { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['has another digest', { 'node_modules/a': { ...a, integrity: 'sha512-b' } }],
  ])('finds a package that %s', (_how, installed) => {
    expect(missingPackages({ 'node_modules/a': a }, installed, LINUX)).toEqual(['node_modules/a']);
  });

  it('finds a workspace that the lock links and the tree lacks', () => {
    const locked = { 'node_modules/@skein/core': { link: true }, 'packages/core': { version: '0.1.0' } };
    expect(missingPackages(locked, {}, LINUX)).toEqual(['node_modules/@skein/core', 'packages/core']);
  });

  it.each([
    ['this system and processor', { os: ['linux'], cpu: ['x64'] }, true],
    ['this C library', { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }, true],
    ['another C library', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }, false],
    ['another system', { os: ['darwin'] }, false],
    ['another processor', { os: ['linux'], cpu: ['arm64'] }, false],
    ['all systems but one', { os: ['!win32'] }, true],
    ['all systems but this', { os: ['!linux'] }, false],
    ['no system in particular', {}, false],
  ])('of optional packages, asks for one of %s: %#', (_which, bounds, missing) => {
    const locked = { 'node_modules/a': { ...a, ...bounds, optional: true } };
    expect(missingPackages(locked, {}, LINUX)).toHaveLength(missing ? 1 : 0);
  });
});
