import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Numeric tests run real training steps; two at a time is what two cores can carry.
    maxWorkers: 2,
    testTimeout: 60_000,
    passWithNoTests: false,
  },
});
