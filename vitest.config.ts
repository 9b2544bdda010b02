import { defineConfig } from 'vitest/config';

// Two kinds of tests: those under test/system/ drive other programs (servers, mail clients, a browser, gateways that are
// killed), all others need only Node.
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A second, the default, passes unseen where two cores run servers, browsers and a crash driver.
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/system/**'],
          // The files of a worker share its modules, which takes half the time: no test may leave a change behind that
          // another one can see.
          isolate: false,
          setupFiles: ['test/leave-nothing-running.ts'],
          globalSetup: ['test/temporary-folder.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          globalSetup: ['test/system/list-skips.ts'],
        },
      },
    ],
  },
});
