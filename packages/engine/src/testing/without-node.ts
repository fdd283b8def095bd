import { registerHooks } from 'node:module';

/**
 * Preloaded into a process, it takes away from whatever is imported afterwards what a browser doesn't have: Node's
 * modules and globals. Packages give their form for browsers.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, { ...context, conditions: ['browser', ...context.conditions] });
    if (!resolved.url.startsWith('node:')) return resolved;
    throw new TypeError(`${context.parentURL ?? 'the program'} imports ${specifier}, which no browser has`);
  },
});
for (const name of ['process', 'Buffer', 'setImmediate', 'clearImmediate', 'global']) {
  Reflect.deleteProperty(globalThis, name);
}
