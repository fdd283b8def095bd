import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const testing = join(import.meta.dirname, 'testing');

/** Runs a program that may import only what a browser has. */
function runWithoutNode(program: string): string {
  const words = ['--import', join(testing, 'without-node.ts'), program];
  return execFileSync(process.execPath, words, { encoding: 'utf8', stdio: 'pipe' });
}

test('data, training and generation run without a module or global of Node', () => {
  const { losses, tokens } = JSON.parse(runWithoutNode(join(testing, 'train-in-browser.ts')));
  expect(losses).toHaveLength(3);
  expect(losses[2]).toBeLessThan(losses[0]);
  expect(tokens).toBe(1);
});

test('the part for Node is refused there, so the check is at work', () => {
  expect(() => runWithoutNode(join(import.meta.dirname, 'node/index.ts'))).toThrow(/which no browser has/);
});
