import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A second, the default, passes unseen where two cores run servers, browsers and a crash driver.
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: 2,
  },
});
